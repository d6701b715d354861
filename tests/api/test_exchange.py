"""The exchange over HTTP: what a trader places it sees, and nothing of it reaches anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.exchange import services as exchange
from jiaozi.exchange.models import TradeOrder
from jiaozi.exchange.rules import Block
from jiaozi.party.rules import SYSTEM
from tests.api.furniture import MARKET_CLASS, market_frame
from tests.world import FINANCE, OPERATOR, PROGRAMME

pytestmark = pytest.mark.django_db
SECRET = 7_654_321
"""A limit that is no one's price, so that it can be looked for as text."""


@pytest.fixture
def open_house(house):
    """A session between the two firms: the first has money, the second capacity, and a centre offers for it."""
    now = house.world.now
    frame = market_frame(now)
    opened = exchange.open_session(
        programme=PROGRAMME, frame=frame, closes_at=now + timedelta(hours=1), by=OPERATOR, now=now
    )
    house.session = opened.id
    exchange.deposit(programme=PROGRAMME, party_id=house.firm.id, amount_fen=10**9, reference="D1", by=FINANCE, now=now)
    exchange.admit_centre(
        programme=PROGRAMME, centre="nscc-chengdu", party_id=house.other_firm.id, by=OPERATOR, now=now
    )
    period = opened.frame["periods"][0]
    start = house.world.now + timedelta(days=1)
    block = Block(
        party=house.other_firm.id,
        hub="guizhou",
        resource_class=MARKET_CLASS,
        start=start,
        end=start + timedelta(hours=1),
    )
    assert period["start"] == start.isoformat()
    exchange.declare_capacity(programme=PROGRAMME, block=block, units=800, reference="C1", by=OPERATOR, now=now)
    return house


def order(side: str, hub: str, quantity: int, limit_fen: int, minimum: int = 0):
    named = {"side": side, "resource_class": MARKET_CLASS, "hub": hub, "period": "h0"}
    return named | {"quantity": quantity, "limit_fen": limit_fen, "minimum": minimum}


def enter(caller, session, *orders, **words):
    return caller.post(f"/exchange/sessions/{session}/orders", {"orders": list(orders)}, **words)


def finish(house, *steps):
    for step in steps:
        getattr(exchange, f"{step}_session")(
            session_id=house.session, by=SYSTEM, now=house.world.now + timedelta(hours=1)
        )


def test_place_see_withdraw_and_the_same_key_once(open_house):
    house = open_house
    first = enter(house.holder, house.session, order("BID", "chengyu", 5, 2_000), key="K1")
    again = enter(house.holder, house.session, order("BID", "chengyu", 5, 2_000), key="K1")
    assert first.status_code == 200, first.content
    assert first.json() == again.json()
    assert TradeOrder.objects.count() == 1
    holding = house.holder.get("/exchange/holding", {"programme": PROGRAMME}).json()
    assert (holding["held_fen"], holding["party"]) == (5 * 2_000, str(house.firm.id))
    made = first.json()["orders"]
    gone = house.holder.post(f"/exchange/sessions/{house.session}/orders/withdraw", {"orders": made})
    assert gone.status_code == 200
    (own,) = house.holder.get(f"/exchange/sessions/{house.session}/orders").json()["items"]
    assert (own["id"], own["state"], own["why"]) == (made[0], "WITHDRAWN", None)


def test_what_became_of_it_and_why(open_house):
    """The large ask gains at the price, and with its minimum nobody could be content: it is told so."""
    house = open_house
    enter(house.centre, house.session, order("ASK", "guizhou", 4, 100), order("ASK", "guizhou", 8, 500, 8))
    enter(house.holder, house.session, order("BID", "chengyu", 10, 2_000))
    finish(house, "close", "clear", "settle")
    asks = {
        row["limit_fen"]: row for row in house.centre.get(f"/exchange/sessions/{house.session}/orders").json()["items"]
    }
    assert asks[100]["accepted"] == 4
    assert asks[100]["why"]["code"] == "WHOLE"
    assert asks[500]["accepted"] == 0 or asks[500]["why"]["code"] in {"WHOLE", "MARGIN"}
    for row in asks.values():
        assert row["why"]["label"]["zh"]
        assert row["why"]["label"]["en"]
    (bid,) = house.holder.get(f"/exchange/sessions/{house.session}/orders").json()["items"]
    prices = house.nobody.get(f"/exchange/sessions/{house.session}/prices").json()["items"]
    assert {row["hub"]: row["price_fen"] for row in prices}["chengyu"] == bid["price_fen"]
    (flow,) = house.nobody.get(f"/exchange/sessions/{house.session}/flows").json()["items"]
    assert flow["lots"] == bid["accepted"]
    same = house.auditor.get(f"/exchange/sessions/{house.session}/replay").json()
    assert same["same"] is True
    assert house.officer.get(f"/exchange/sessions/{house.session}/findings").json()["powers"]


@pytest.mark.parametrize("steps", [(), ("close",), ("close", "clear"), ("close", "clear", "settle")], ids=len)
def test_no_party_sees_anothers_limit(open_house, steps):
    house = open_house
    made = enter(house.holder, house.session, order("BID", "chengyu", 9, SECRET)).json()["orders"]
    enter(house.centre, house.session, order("ASK", "guizhou", 50, 1_111))
    finish(house, *steps)
    base = f"/exchange/sessions/{house.session}"
    paths = [base, *(f"{base}/{part}" for part in ("prices", "flows", "orders", "findings", "replay", "sealed-orders"))]
    paths += ["/exchange/sessions", "/exchange/schedules", "/exchange/seats", "/exchange/holding"]
    for name in ("stranger", "centre", "rival", "nobody", "outsider"):
        for path in paths:
            said = house.callers[name].get(path).content.decode()
            for secret in (str(SECRET), str(9 * SECRET), made[0]):
                assert secret not in said, (name, path)
    theirs = house.stranger.post(f"{base}/orders/withdraw", {"orders": made})
    assert theirs.status_code in {404, 409}
    assert str(SECRET) in house.holder.get(f"{base}/orders").content.decode()


def test_mistakes_are_told_one_by_one(open_house):
    house = open_house
    wrong = enter(house.holder, house.session, order("BID", "atlantis", 1, 1), order("BID", "chengyu", 2, 1, 3))
    assert wrong.status_code == 422
    told = {each["field"]: each["code"] for each in wrong.json()["errors"]}
    assert told == {"orders[0].hub": "HUB_UNKNOWN", "orders[1].minimum": "MINIMUM_WRONG"}
    short = enter(house.stranger, house.session, order("BID", "chengyu", 1, 100))
    assert (short.status_code, short.json()["code"]) == (409, "DEPOSIT_SHORT")
    short = enter(house.centre, house.session, order("ASK", "guizhou", 101, 100))
    assert (short.status_code, short.json()["code"]) == (409, "CAPACITY_SHORT")
    assert enter(house.rival, house.session, order("ASK", "guizhou", 1, 100)).json()["code"] == "NOT_ADMITTED"
    early = house.operator.post(f"/exchange/sessions/{house.session}/close")
    assert (early.status_code, early.json()["code"]) == (409, "TOO_EARLY")
    none = house.nobody.get("/exchange/sessions/00000000-0000-0000-0000-000000000000")
    assert none.status_code == 404


def test_the_list_of_sessions_is_paged(open_house):
    house, now = open_house, open_house.world.now
    for number in range(3):
        exchange.open_session(
            programme=PROGRAMME,
            frame=market_frame(now),
            closes_at=now + timedelta(hours=1),
            by=OPERATOR,
            now=now + timedelta(minutes=number),
        )
    seen, cursor = [], ""
    while cursor is not None:
        got = house.nobody.get("/exchange/sessions", {"programme": PROGRAMME, "limit": 2, "cursor": cursor}).json()
        seen += [row["id"] for row in got["items"]]
        cursor = got["next"]
    assert len(seen) == len(set(seen)) == 4

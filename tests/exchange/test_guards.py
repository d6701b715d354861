"""The database keeps orders and results as they were, races lose nothing, the audit finds what was changed."""

import random
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaozi.exchange import queries, services
from jiaozi.exchange.models import TradeOrder
from jiaozi.exchange.queries import reading, replaying
from jiaozi.exchange.rules import NewOrder, Side
from jiaozi.exchange.rules.life import SessionState
from jiaozi.kernel.clock import now
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, UnableToTransfer, hold, post
from jiaozi.party.rules import SYSTEM
from jiaozi.settlement.queries import audit_all
from tests.world import FINANCE, OFFICER, OPERATOR, PROGRAMME, build

from .conftest import CLASS, Market


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
class TestGuard:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE exchange_order SET limit_fen = limit_fen + 1",
            "UPDATE exchange_order SET quantity = quantity + 1",
            "UPDATE exchange_order SET accepted = 0, code = 'PRICE'",
            "DELETE FROM exchange_order",
            "DELETE FROM exchange_session",
            "UPDATE exchange_session SET closes_at = closes_at + interval '1 day'",
            "UPDATE exchange_session SET frame = '{}'",
            "UPDATE exchange_movement SET amount_fen = 1",
            "DELETE FROM exchange_capacity",
        ],
    )
    def test_an_open_session_is_kept(self, busy: Market, statement):
        with pytest.raises(IntegrityError), transaction.atomic():
            run(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE exchange_order SET accepted = 0",
            "UPDATE exchange_order SET state = 'WITHDRAWN'",
            "UPDATE exchange_session SET result_digest = 'x'",
            "UPDATE exchange_session SET related = '[]', book_digest = 'x'",
            "UPDATE exchange_price SET price_fen = 1",
            "DELETE FROM exchange_flow",
        ],
    )
    def test_a_cleared_one_too(self, busy: Market, statement):
        busy.step("close", "clear")
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            run(statement)

    def test_no_order_slips_into_a_closed_session(self, busy: Market):
        busy.step("close")
        row = TradeOrder.objects.first()
        row.id = new_id()
        with pytest.raises(IntegrityError, match="not OPEN"), transaction.atomic():
            row.save(force_insert=True)


TAMPERING = {
    "a limit": (
        "UPDATE exchange_order SET limit_fen = limit_fen - 1 WHERE accepted = 25",
        {"an order holds what it asks for"},
    ),
    "a price": (
        "UPDATE exchange_price SET price_fen = price_fen + 5000",
        {
            "a hold ends as its order does",
            "sellers are paid and buyers get what was accepted",
            "no accepted order loses",
            "a trader's money is what it deposited and traded",
        },
    ),
    "what was accepted": (
        "UPDATE exchange_order SET accepted = accepted - 1 WHERE accepted = 25",
        {
            "a hold ends as its order does",
            "sellers are paid and buyers get what was accepted",
            "bought and sold meet at every hub",
            "a trader's money is what it deposited and traded",
            "capacity is what was declared and traded",
        },
    ),
    "a flow": (
        "UPDATE exchange_flow SET lots = lots + 100",
        {"bought and sold meet at every hub", "a link carries no more than it can, and earns the difference of prices"},
    ),
    "a rent": (
        "UPDATE exchange_flow SET rent_fen = rent_fen + 1",
        {"a link carries no more than it can, and earns the difference of prices", "a link has earned its rents"},
    ),
    "a deposit": (
        "UPDATE exchange_movement SET amount_fen = amount_fen + 1",
        {"a trader's money is what it deposited and traded"},
    ),
    "declared capacity": ("DELETE FROM exchange_capacity", {"capacity is what was declared and traded"}),
}


TABLES = ("order", "price", "flow", "movement", "capacity", "session")


def test_a_changed_row_is_found(fresh_database):
    """One market; each change is made past the guards, found by name, and unmade."""
    market = settled()
    assert audit_all().holds
    found, same = {}, {}
    for what, (statement, _) in TAMPERING.items():
        with connections["owner"].cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE exchange_{table} DISABLE TRIGGER USER")
                cursor.execute(f"CREATE TABLE kept_{table} AS TABLE exchange_{table}")
            cursor.execute(statement)
            found[what] = {each.invariant for each in queries.audit()}
            same[what] = queries.replay(market.session.id, by=OPERATOR).same
            for table in ("order", "price", "flow", "movement", "capacity"):
                cursor.execute(f"DELETE FROM exchange_{table}")
                cursor.execute(f"INSERT INTO exchange_{table} SELECT * FROM kept_{table}")
            for table in TABLES:
                cursor.execute(f"DROP TABLE kept_{table}")
    assert found == {what: expected for what, (_, expected) in TAMPERING.items()}
    assert [what for what, told in same.items() if told] == ["a deposit", "declared capacity"]
    assert audit_all().holds


@pytest.mark.django_db
class TestAudit:
    def test_money_that_moved_past_the_verbs(self, busy: Market):
        busy.step("close", "clear", "settle")
        move(AccountKind.TRADE_SOURCE, "", AccountKind.TRADER, str(busy.trader("b1").id))
        assert {each.invariant for each in queries.audit()} == {"a trader's money is what it deposited and traded"}
        move(AccountKind.TRADE_SOURCE, "", AccountKind.TRADE_CLEARING, str(busy.session.id))
        move(AccountKind.TRADE_SOURCE, "", AccountKind.TRADE_RENT, "guizhou/chengyu")
        assert {each.invariant for each in queries.audit()} == {
            "a trader's money is what it deposited and traded",
            "a session that is over holds nothing",
            "a link has earned its rents",
        }

    def test_a_hold_of_nobodys_order(self, busy: Market):
        one = Account(AccountKind.TRADER, PROGRAMME, str(busy.trader("b1").id))
        other = Account(AccountKind.TRADE_CLEARING, PROGRAMME, str(busy.session.id))
        ledger.require([hold(new_id(), one, other, 5, "trade.hold", new_id())], at=busy.now)
        assert {each.invariant for each in queries.audit()} == {"a hold belongs to an order"}


def move(debit, debit_subject, credit, credit_subject):
    one, other = Account(debit, PROGRAMME, debit_subject), Account(credit, PROGRAMME, credit_subject)
    ledger.open_accounts([one, other])
    ledger.require([post(new_id(), one, other, 5, "x")], at=now())


def settled():
    market = Market(build())
    market.open()
    market.money("b1")
    market.money("b2")
    market.capacity("s1")
    market.ask("s1", 30, 1_000)
    market.bid("b1", 25, 3_000)
    market.bid("b2", 20, 2_000)
    market.step("close", "clear", "settle")
    return market


def test_orders_that_race_the_close_are_in_the_book_or_refused(fresh_database):
    """Many enter while the session closes: whoever was told yes is in the book that was cleared."""
    market = Market(build())
    market.open()
    names = [f"t{number}" for number in range(4)]
    for name in names:
        market.money(name)
    actors = {name: market.actor(name) for name in names}
    entered, start = [], threading.Barrier(len(names) + 1)

    def trade(name):
        start.wait()
        for number in range(12):
            order = NewOrder(Side.BID, CLASS, "chengyu", "h0", 1, 100 + number)
            with suppress(Refused):
                entered.extend(
                    services.enter(session_id=market.session.id, orders=[order], by=actors[name], now=market.now)
                )
        connection.close()

    threads = [threading.Thread(target=trade, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    start.wait()
    services.close_session(session_id=market.session.id, by=SYSTEM, now=market.closes_at)
    for thread in threads:
        thread.join()
    closed = replaying.book_of(reading.session(market.session.id))
    assert {each.id for each in closed.orders} == {str(each) for each in entered}
    assert closed.digest() == reading.session(market.session.id).book_digest
    market.step("clear", "settle")
    assert queries.replay(market.session.id, by=OPERATOR).same
    assert audit_all().holds


ACTS = st.lists(
    st.tuples(st.sampled_from(["bid", "ask", "withdraw", "pay_out", "void", "step"]), st.integers(0, 10**6)),
    max_size=25,
)


@pytest.mark.django_db
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_whatever_traders_do_the_books_hold(walked, acts):
    """Random lives of a session: money and capacity never come or go, and every end leaves nothing behind."""
    market = walked
    with transaction.atomic():
        market.open()
        for act, number in acts:
            with suppress(Refused):
                do(market, act, random.Random(number))
        for verb in ("close", "clear", "settle"):
            with suppress(Refused):
                market.step(verb, now=market.later + timedelta(seconds=1))
        assert market.state() in {SessionState.SETTLED, SessionState.VOIDED}
        audit = audit_all()
        assert audit.holds, audit.findings
        if market.state().told:
            assert queries.replay(market.session.id, by=OPERATOR).same
        transaction.set_rollback(True)


@pytest.fixture
def walked(market: Market) -> Market:
    for name in ("x", "y", "z"):
        market.money(name, 1_000)
        for hub in ("guizhou", "chengyu"):
            market.capacity(name, 80, hub)
    return market


def do(market, act, chance):
    name, hub = chance.choice("xyz"), chance.choice(["guizhou", "chengyu"])
    words = chance.randint(1, 8), chance.randint(0, 6_000), chance.randint(0, 3)
    if act in {"bid", "ask"}:
        getattr(market, act)(name, *words, hub=hub)
    elif act == "withdraw":
        own = [each.id for each in market.own(name)]
        chosen = chance.sample(own, min(len(own), 2))
        services.withdraw(session_id=market.session.id, order_ids=chosen, by=market.actor(name), now=market.now)
    elif act == "pay_out":
        with suppress(UnableToTransfer), transaction.atomic():
            services.pay_out(
                programme=PROGRAMME,
                party_id=market.trader(name).id,
                amount_fen=chance.randint(1, 50_000),
                reference=str(new_id()),
                by=FINANCE,
                now=market.now,
            )
    elif act == "void" and chance.random() < 0.2:
        services.void_session(session_id=market.session.id, reason="by chance", by=OFFICER, now=market.later)
    elif act == "step":
        following = {SessionState.OPEN: "close", SessionState.CLOSED: "clear", SessionState.CLEARED: "settle"}
        if verb := following.get(market.state()):
            market.step(verb, now=market.later + timedelta(seconds=1))

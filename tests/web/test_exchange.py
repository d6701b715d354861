"""The exchange's pages: what a trader enters it sees, nobody else does; what is public is; findings and replay."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NamedTuple

import pytest

from jiaozi.exchange.models import TradeOrder
from jiaozi.exchange.rules import SessionState
from jiaozi.kernel import clock
from jiaozi.party.models import Organisation
from jiaozi.party.rules import HolderClass, Role
from tests.web.people import member, signed_in
from tests.web.sample_market import opened, traded
from tests.world import World, build

pytestmark = pytest.mark.django_db
OFFER = {"side": "BID", "resource_class": "gpu-910b", "hub": "chengyu", "period": "h0", "quantity": "2"}


class House(NamedTuple):
    world: World
    buyer: Organisation
    seller: Organisation


@pytest.fixture
def house(present):
    world = build(present)
    return House(
        world,
        world.holder("买方公司", HolderClass.TECH_SME, serial=1),
        world.holder("卖方公司", HolderClass.TECH_SME, serial=2),
    )


def people(house, present, language="zh-hans"):
    present -= timedelta(hours=5)
    made = {
        "buyer": member("buyer", Role.APPLICANT, present, organisation=house.buyer.id),
        "seller": member("clerk", Role.CENTRE, present),
        **{
            role.value.lower(): member(role.value.lower(), role, present)
            for role in (Role.OFFICER, Role.OPERATOR, Role.AUDITOR)
        },
    }
    return {name: signed_in(person, language) for name, person in made.items()}


@pytest.fixture
def open_session(house, present, monkeypatch):
    """The session, and the pages' now while it is open."""
    row = opened(house.world, house.buyer, house.seller)
    monkeypatch.setattr(clock, "now", lambda: present - timedelta(hours=2))
    return row


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_bid_is_entered_held_for_and_taken_back(house, present, open_session):
    buyer = people(house, present)["buyer"]
    page = f"/exchange/{open_session.id}/offers"
    done = buyer.post(page, OFFER | {"limit": "88.50"})
    assert (done.status_code, done["Location"]) == (302, page)
    made = TradeOrder.objects.get(limit_fen=8_850)
    shown = text(buyer.get(page))
    assert "已报价并冻结" in shown
    assert "88.50" in shown
    assert "下次出清" in shown
    buyer.post(f"{page}/{made.id}/withdraw")
    made.refresh_from_db()
    assert made.state == "WITHDRAWN"
    assert "已撤回" in text(buyer.get(page))


def test_what_is_wrong_stands_at_its_field(house, present, open_session):
    buyer = people(house, present, "en")["buyer"]
    page = f"/exchange/{open_session.id}/offers"
    for wrong, field, why in (
        ({"limit": "lots"}, "limit", "write the amount in CNY"),
        ({"limit": "1", "minimum": "3"}, "minimum", "minimum"),
        ({"limit": "9999999"}, "", "deposit does not cover"),
    ):
        answer = buyer.post(page, OFFER | wrong)
        assert answer.status_code == 422
        said = text(answer)
        assert why in said
        assert not field or f'id="id_{field}_error"' in said
    assert TradeOrder.objects.filter(quantity=2).count() == 0


def test_a_centre_sees_its_capacity_and_nobody_elses_limit(house, present, open_session):
    who = people(house, present)
    page = f"/exchange/{open_session.id}/offers"
    theirs = text(who["seller"].get(page))
    assert "卖方公司" in theirs
    assert "还可卖出的容量" in theirs
    assert "224" in theirs  # 400 units less 22 lots of 8
    for limit in ("90.00", "80.00"):
        assert f">{limit}<" not in theirs
    for limit in ("60.00", "69.00", "70.00"):
        assert f">{limit}<" in theirs
        assert f">{limit}<" not in text(who["buyer"].get(page))


class TestAfterwards:
    @pytest.fixture
    def done(self, house, present):
        return traded(house.world, house.buyer, house.seller)

    def test_the_public_result_has_prices_and_no_order(self, house, present, done, client):
        shown = text(client.get(f"/exchange/{done.id}"))
        for word in ("出清价", "跨枢纽成交", "贵州", "成渝", done.frame["session"]):
            assert word in shown
        assert "买方公司" not in shown
        assert "卖方公司" not in shown

    def test_a_trader_is_told_why_and_sees_its_own_steps(self, house, present, done):
        shown = text(people(house, present)["seller"].get(f"/exchange/{done.id}/offers"))
        assert "价格合适但未成交" in shown
        assert 'data-plot="' in shown
        assert "90.00" not in shown

    def test_the_watchers_page(self, house, present, done):
        who = people(house, present)
        desk = f"/exchange/{done.id}/desk"
        officer = text(who["officer"].get(desk))
        assert "卖方公司" in officer
        assert "自成交与关联成交" in officer
        assert 'data-plot="' not in officer
        assert 'data-plot="' in text(who["auditor"].get(desk))
        assert "逐位相同" in text(who["operator"].get(desk, {"replay": "1"}))
        assert "逐位相同" not in text(who["operator"].get(desk))

    def test_a_step_that_is_refused_says_why(self, house, present, done):
        officer = people(house, present)["officer"]
        answer = officer.post(f"/exchange/{done.id}/steps/void", {"words": "停电"}, follow=True)
        assert answer.status_code == 200
        done.refresh_from_db()
        assert done.state == SessionState.SETTLED


def test_the_operator_closes_clears_and_settles_on_the_page(house, present):
    row = opened(house.world, house.buyer, house.seller)
    operator = people(house, present)["operator"]
    for verb in ("close", "clear", "settle"):
        assert operator.post(f"/exchange/{row.id}/steps/{verb}").status_code == 302
    row.refresh_from_db()
    assert row.state == SessionState.SETTLED
    assert operator.post(f"/exchange/{row.id}/steps/eat").status_code == 404

"""A centre records what a holder prepaid on a page; the holder sees it, and spends its own share from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from uuid import UUID

import pytest
from django.test import Client

from jiaozi.catalogue.models import Centre
from jiaozi.order import queries
from jiaozi.order.models import OwnCredit
from jiaozi.party.models import Organisation
from jiaozi.party.rules import HolderClass, Role
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import CENTRE, PROGRAMME, World, build

pytestmark = pytest.mark.django_db
PAGE, OWN = "/supply/prepaid", "/wallet/own-money"


@dataclass
class House:
    world: World
    holder: Organisation
    clerk: Client
    applicant: Client


@pytest.fixture
def house(present) -> House:
    world = build(present)
    holder = world.holder("锦官云")
    clerk = signed_in(member("clerk", Role.CENTRE, present))
    return House(world, holder, clerk, signed_in(member("applicant", Role.APPLICANT, present, organisation=holder.id)))


def hidden(page: bytes) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(holder|reference)" value="([^"]*)"', page.decode()))


def test_what_is_recorded_once_is_there_for_the_holder_to_spend(house) -> None:
    assert "还没有登记" in text_of(house.clerk.get(PAGE).content)
    found = house.clerk.get(PAGE, {"to": house.holder.uscc.lower()})
    assert "锦官云" in text_of(found.content)
    given = hidden(found.content) | {"amount": "5000.5"}
    for _ in range(2):  # a double click
        assert house.clerk.post(PAGE, given).status_code == 302
    row = OwnCredit.objects.get()
    assert (row.holder_id, row.centre_id, row.amount_fen) == (house.holder.id, CENTRE, 500_050)
    assert "5,000.50" in text_of(house.clerk.get(PAGE).content)
    held = house.world.held(house.world.voucher(house.holder))
    shown = text_of(house.applicant.get(OWN).content)
    assert f"{(500_050 - held.own_hold_fen) / 100:,.2f}" in shown
    assert str(row.id) in shown


def test_a_holder_is_found_by_a_vouchers_number(house) -> None:
    maker = house.world.holder("创客", holder_class=HolderClass.MAKER)
    voucher = house.world.voucher(maker, "2万")
    assert hidden(house.clerk.get(PAGE, {"to": voucher.number.lower()}).content)["holder"] == str(maker.id)


def test_a_number_of_two_holders_vouchers_names_neither(house, monkeypatch) -> None:
    row = house.world.voucher(house.world.holder("创客", holder_class=HolderClass.MAKER), "2万")
    monkeypatch.setattr(
        import_module("jiaozi.voucher.services.issue"), "new_id", lambda: UUID(int=row.id.int ^ 1 << 100)
    )
    house.world.voucher(house.world.holder("别家", serial=7), "2万")
    page = house.clerk.get(PAGE, {"to": row.number.lower()}).content
    assert "对应不止一个主体的算力券" in text_of(page)
    assert not hidden(page)


def test_what_is_at_a_centre_that_is_disconnected_is_still_shown(house) -> None:
    given = hidden(house.clerk.get(PAGE, {"to": house.holder.uscc}).content) | {"amount": "5000.5"}
    house.clerk.post(PAGE, given)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert "5,000.50" in text_of(house.applicant.get(OWN).content)
    places = dict(queries.own_places(PROGRAMME, house.holder.id))
    assert places[Centre.objects.get(id=CENTRE)].free_fen == 500_050
    assert all(centre.connected or centre.id == CENTRE for centre in places)


@pytest.mark.parametrize("to", ["91510100MA6C0001XG", "1234-5678-9ABC", "甲", "'; --"])
def test_nobody_of_that_code_is_said_at_the_field(house, to) -> None:
    page = house.clerk.get(PAGE, {"to": to}).content
    assert "没有统一社会信用代码或算力券编号" in text_of(page)
    assert not hidden(page)


@pytest.mark.parametrize("amount", ["", "abc", "0", "-5", "1e99"])
def test_an_amount_that_is_none_is_refused_and_nothing_is_kept(house, amount) -> None:
    given = hidden(house.clerk.get(PAGE, {"to": house.holder.uscc}).content) | {"amount": amount}
    answer = house.clerk.post(PAGE, given, follow=True)
    assert "金额" in text_of(answer.content)
    assert not OwnCredit.objects.exists()


def test_nobody_else_records(house, present) -> None:
    given = hidden(house.clerk.get(PAGE, {"to": house.holder.uscc}).content) | {"amount": "5"}
    officer = signed_in(member("officer", Role.OFFICER, present))
    assert "登记一笔" not in text_of(officer.get(PAGE).content)
    assert "预存或授信须由算力中心登记" in text_of(officer.post(PAGE, given, follow=True).content)
    assert house.applicant.post(PAGE, given).status_code == 403
    operator = signed_in(member("operator", Role.OPERATOR, present))
    assert operator.post(f"{PAGE}?centre={CENTRE}", given).status_code == 302
    assert OwnCredit.objects.count() == 1
    assert not signed_in(member("elsewhere", Role.CENTRE, present, centre="chengdu-aicc")).get(PAGE).context["rows"]

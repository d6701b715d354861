"""The exchange's pages in a real browser: whole at both widths, in both languages, an offer by keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from jiaozi.exchange.models import Session, TradeOrder
from jiaozi.exchange.rules import OrderState
from jiaozi.party.rules import Role
from jiaozi.voucher.models import Voucher
from tests.browser.test_first_page import pytestmark, small_targets, sticks_out
from tests.browser.visitor import Look, Visitor, violations
from tests.web.people import member, signed_in
from tests.web.sample_market import opened, traded

__all__ = ["pytestmark"]
LOOKS = (Look(), Look("en-US", 360, "dark"), Look("en-US"), Look("zh-CN", 360))


@dataclass(frozen=True)
class Market:
    """A session and the people at it, by the keys of their sessions in the browser."""

    row: Session
    keys: dict[str, str]


def under_way(world, buyer, seller) -> Session:
    """A session that closes in an hour."""
    return opened(replace(world, now=world.now + timedelta(hours=2)), buyer, seller)


def at_the_market(sample, present, trade) -> Market:
    buyer = Voucher.objects.order_by("issued_at").first().holder
    seller = sample.holder("成都超算服务有限公司", serial=99)
    row = trade(sample, buyer, seller)
    people = {
        "buyer": member("buyer", Role.APPLICANT, present, organisation=buyer.id),
        "clerk": member("clerk", Role.CENTRE, present),
        **{each.value: member(each.value, each, present) for each in (Role.OFFICER, Role.OPERATOR, Role.AUDITOR)},
    }
    return Market(row, {name: str(signed_in(person).session.session_key) for name, person in people.items()})


def faults(page: Page, where: str) -> list[str]:
    for plot in page.locator("[data-plot]").all():
        plot.scroll_into_view_if_needed()
        expect(plot).to_have_attribute("data-drawn", re.compile("steps|prices"))
    found = [*violations(page), *small_targets(page), *(["sticks out"] if sticks_out(page) else [])]
    return [f"{where}: {each}" for each in found] + ([] if page.locator("h1").count() == 1 else [f"{where}: h1"])


@pytest.mark.parametrize("trade", [under_way, traded])
def test_the_pages_fit_and_break_no_wcag(visit: Visitor, sample, present, trade) -> None:
    market = at_the_market(sample, present, trade)
    here = f"/exchange/{market.row.id}"
    asked = [("/exchange", ""), (here, ""), (f"{here}/offers", "buyer"), (f"{here}/offers", "clerk")]
    asked += [(f"{here}/desk", Role.OPERATOR), (f"{here}/desk", Role.OFFICER), (f"{here}/desk", Role.AUDITOR)]
    wrong = []
    for place, (path, who) in enumerate(asked):
        looks = LOOKS[place % 2 * 2 : place % 2 * 2 + 2] if who in {Role.OFFICER, Role.AUDITOR} else LOOKS
        for page, look in visit.walk(path, looks, session=market.keys.get(who, "")):
            wrong += faults(page, f"{path} {who} {look}")
    assert wrong == []


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look(), ("报价并冻结", "已报价并冻结。", "撤回", "已撤回，冻结已解除。", "金额须以元写")),
        (
            Look("en-US", 360),
            (
                "Enter and hold",
                "Entered, and held for.",
                "Withdraw",
                "Withdrawn; nothing is held",
                "write the amount in CNY",
            ),
        ),
    ],
)
def test_an_offer_is_entered_and_withdrawn_by_keys(visit: Visitor, sample, present, look, words) -> None:
    market = at_the_market(sample, present, under_way)
    enter, entered, withdraw, withdrawn, wrong = words
    page = visit.open(f"/exchange/{market.row.id}/offers", look, session=market.keys["buyer"])
    before = TradeOrder.objects.filter(session=market.row).count()
    page.locator("#id_quantity").fill("2")
    page.locator("#id_limit").fill("much")
    page.get_by_role("button", name=enter).press("Enter")
    expect(page.locator(".errors")).to_contain_text(wrong)
    assert faults(page, "wrong") == []
    page.locator("#id_limit").fill("75.50")
    page.get_by_role("button", name=enter).press("Enter")
    expect(page.get_by_text(entered)).to_be_visible()
    assert TradeOrder.objects.filter(session=market.row).count() == before + 1
    page.get_by_role("button", name=withdraw).first.press("Enter")
    expect(page.get_by_text(withdrawn)).to_be_visible()
    assert TradeOrder.objects.filter(session=market.row, state=OrderState.WITHDRAWN).count() == 1
    visit.complaints[:] = [line for line in visit.complaints if "422" not in line]

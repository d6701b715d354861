"""A centre's pages in a real browser: a price published and usage confirmed by its clerk, whole at both widths."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from jiaozi.catalogue.models import TariffVersion
from jiaozi.kernel.period import Period
from jiaozi.party.rules import Role
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Statement
from tests.browser.test_first_page import pytestmark, small_targets, sticks_out
from tests.browser.visitor import Look, Visitor, violations
from tests.web.people import member, signed_in
from tests.world import CENTRE, OPERATOR, PROGRAMME

__all__ = ["pytestmark"]


def clerk(present) -> str:
    return str(signed_in(member("clerk", Role.CENTRE, present)).session.session_key)


def sound(page: Page) -> None:
    assert page.locator("h1").count() == 1
    assert not sticks_out(page)
    assert small_targets(page) == []
    assert violations(page) == []


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look(), ("发布新价目", "下一步：核对", "确认发布", "价目已发布。")),
        (Look("en-US", 360, "dark"), ("Publish a price", "Next: check", "Publish it", "The price is published.")),
        (Look("zh-CN", 360), ("发布新价目", "下一步：核对", "确认发布", "价目已发布。")),
        (Look("en-US"), ("Publish a price", "Next: check", "Publish it", "The price is published.")),
    ],
)
def test_a_price_is_published(visit: Visitor, present, look, words) -> None:
    link, check, publish, published = words
    page = visit.open("/supply", look, session=clerk(present))
    sound(page)
    page.get_by_role("link", name=link, exact=True).last.click()
    page.locator("#id_rate").fill("0.000000001")
    page.get_by_role("button", name=check).click()
    expect(page.locator(".errors")).to_be_focused()
    sound(page)
    page.locator("#id_rate").fill("0.14000001")
    page.locator("#id_source").fill("价目公告〔2024〕1号")
    page.get_by_role("button", name=check).click()
    expect(page.get_by_role("cell", name="0.14000001")).to_be_visible()
    sound(page)
    page.get_by_role("button", name=publish).dblclick()
    expect(page.get_by_text(published)).to_be_visible()
    assert TariffVersion.objects.get(version=2).rate_ufen == 14_000_001
    visit.complaints[:] = [line for line in visit.complaints if "422" not in line]


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look(), ("提出异议", "记入异议", "异议已记入", "确认全部", "撤回异议并确认")),
        (
            Look("en-US", 360, "dark"),
            ("Object", "Keep the objection", "The objection is kept", "Confirm all", "Withdraw and confirm"),
        ),
    ],
)
def test_usage_is_confirmed_and_objected_to(visit: Visitor, sample, present, look, words) -> None:
    opens, keep, kept, confirm, withdraw = words
    period = Period(date(2024, 5, 1), date(2024, 5, 21))
    row = settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OPERATOR, now=present)
    page = visit.open(f"/statements/{row.id}/usage", look, session=clerk(present))
    sound(page)
    page.locator("tbody summary", has_text=opens).first.click()
    page.locator("input[name=amount]").first.fill("0.01")
    page.locator("textarea[name=words]").first.fill("本中心账册为0.01元")
    sound(page)
    page.get_by_role("button", name=keep).first.click()
    expect(page.get_by_text(kept)).to_be_visible()
    page.get_by_role("button", name=confirm).click()
    expect(page.get_by_role("button", name=confirm)).to_have_count(0)
    assert queries.confirmation(row.id).objected == 1
    page.get_by_role("button", name=withdraw).first.click()
    expect(page.get_by_role("button", name=withdraw)).to_have_count(0)
    sound(page)
    row = Statement.objects.get(id=row.id)
    assert row.claim_total_fen == row.total_fen
    visit.open(f"/statements/{row.id}", look, session=clerk_again(page))


def clerk_again(page: Page) -> str:
    return str(next(each["value"] for each in page.context.cookies() if each["name"] == "sessionid"))

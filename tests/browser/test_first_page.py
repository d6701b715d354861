"""The first page and what it links to, as people meet it: in both languages, at desk and on phone, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.voucher.models import Voucher
from tests.browser.visitor import Look, Visitor, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [Look(language, width) for language in ("zh-CN", "en-US") for width in (1280, 360)]
TARGET_MIN_PX = 24


def paths() -> list[str]:
    settled = Order.objects.filter(state=State.SETTLED).first()
    running = Order.objects.get(state=State.RUNNING)
    voucher = Voucher.objects.order_by("issued_at").first()
    return [
        "/",
        "/ledger/orders",
        f"/vouchers/{voucher.id}",
        f"/orders/{settled.id}",
        f"/orders/{running.id}",
        "/nowhere",
    ]


def sticks_out(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def top_in_document(line: Locator) -> float:
    return line.evaluate("e => e.getBoundingClientRect().top + scrollY")


def small_targets(page: Page) -> list[str]:
    """Links and buttons under 24 px that do not stand in a run of text."""
    return page.evaluate(
        """least => [...document.querySelectorAll('a, button, summary')].filter(e => {
            const box = e.getBoundingClientRect();
            return box.top > 0 && !e.closest('p, td, th, dd') && Math.min(box.width, box.height) < least;
        }).map(e => e.outerHTML)""",
        TARGET_MIN_PX,
    )


def test_every_page_fits_its_window_in_both_languages(visit: Visitor, auditor: str) -> None:
    for path in paths():
        for page, look in visit.walk(path, LOOKS, session=auditor):
            where = f"{path} {look}"
            assert page.locator("html").get_attribute("lang") == ("en" if look.language == "en-US" else "zh-CN"), where
            assert page.locator("h1").count() == 1, where
            assert not sticks_out(page), where
            assert small_targets(page) == [], where
    visit.expect_not_found()


def test_no_page_breaks_wcag(visit: Visitor, auditor: str) -> None:
    year, _, voucher, settled, running, nowhere = paths()
    light, dark, phone = Look(), Look(scheme="dark"), Look("en-US", 360, "dark")
    looks = [(year, (light, phone)), (voucher, (light, dark)), (settled, (dark,)), (running, (light,))]
    for path, wanted in [*looks, (nowhere, (dark,))]:
        for page, look in visit.walk(path, wanted, session=auditor):
            assert violations(page) == [], f"{path} {look}"
    visit.expect_not_found()


def test_an_orders_state_follows_its_row_without_moving_the_page(visit: Visitor, auditor: str) -> None:
    row = Order.objects.get(state=State.RUNNING)
    page = visit.open("/ledger/orders", session=auditor)
    line = page.locator(f"#order-{row.id}")
    expect(line.locator(".state")).to_have_text("运行中")
    expect(page.locator("#live-orders [role=status]")).to_contain_text("运行中 1")
    line.locator("a").focus()
    place = top_in_document(line)
    Order.objects.filter(id=row.id).update(state=State.METERED)
    expect(line.locator(".state")).to_have_text("已计量", timeout=20_000)
    expect(page.locator("#live-orders [role=status]")).to_contain_text("已计量 1")
    assert top_in_document(line) == place
    expect(line.locator("a")).to_be_focused()


def test_an_orders_own_page_follows_it(visit: Visitor, auditor: str) -> None:
    row = Order.objects.get(state=State.QUEUED)
    page = visit.open(f"/orders/{row.id}", session=auditor)
    expect(page.locator(".live-state")).to_have_text("排队中")
    Order.objects.filter(id=row.id).update(state=State.RUNNING)
    expect(page.locator(".live-state")).to_have_text("运行中", timeout=20_000)


def test_a_finished_orders_page_asks_no_more(visit: Visitor, auditor: str) -> None:
    row, asked = Order.objects.get(state=State.RUNNING), []
    page = visit.open(f"/orders/{row.id}", session=auditor)
    page.on("request", lambda sent: "hx-request" in sent.headers and sent.url.endswith(str(row.id)) and asked.append(1))
    page.clock.install()
    page.reload()
    Order.objects.filter(id=row.id).update(state=State.CANCELLED)
    page.clock.run_for(4_000)
    expect(page.locator(".live-state")).to_have_text("已取消", timeout=20_000)
    expect(page.locator("#live-order .ticker")).to_have_count(0)
    count = len(asked)
    page.clock.run_for(60_000)
    assert page.evaluate("document.title")  # an answer after the timers ran: whatever they sent has left by now
    assert len(asked) == count > 0


def test_updates_can_be_paused(visit: Visitor) -> None:
    page = visit.open("/ledger/orders")
    page.get_by_role("link", name="暂停自动更新").click()
    expect(page.get_by_role("link", name="恢复自动更新")).to_be_visible()
    assert page.locator("[hx-get]").count() == 0
    assert page.locator("script").count() == 0


def test_the_keyboard_reaches_the_content_and_the_switch(visit: Visitor) -> None:
    page = visit.open("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for link in reversed(page.get_by_role("navigation", name="主导航").get_by_role("link").all()):
        page.keyboard.press("Shift+Tab")
        expect(link).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="English")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=2, name="2024: the year at a glance")).to_be_visible()


def test_a_voucher_opens_its_order_and_leads_back(visit: Visitor, auditor: str) -> None:
    row = Voucher.objects.order_by("issued_at").first()
    page = visit.open("/ledger/vouchers", session=auditor)
    page.get_by_role("link", name=row.number).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(row.number)
    page.get_by_role("link", name="蛋白质结构预测：第三批").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("蛋白质结构预测：第三批")
    page.locator(".crumbs").get_by_role("link", name="年度总览").click()
    expect(page.get_by_role("heading", level=2, name="2024年度总览")).to_be_visible()

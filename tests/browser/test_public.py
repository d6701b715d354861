"""The public's pages in a real browser: fit, WCAG, keyboard alone, plots, print, and what the first page weighs."""

from __future__ import annotations

from itertools import combinations

from playwright.sync_api import expect

from jiaozi.party.rules import HolderClass
from jiaozi.transparency.models import Entry
from jiaozi.transparency.rules import Measure
from jiaozi.voucher.models import Voucher
from tests.browser.test_first_page import LOOKS, pytestmark, small_targets, sticks_out
from tests.browser.visitor import COLOURS, Look, Visitor, violations
from tests.web.sample_market import traded
from tests.world import PROGRAMME, World

__all__ = ["pytestmark"]
WEIGHT_MAX = 250_000
"""Bytes over the wire of the first page with everything that it loads."""
NAMES_DRAWN = """box => echarts.getInstanceByDom(box).getZr().storage.getDisplayList(true)
  .filter(drawn => drawn.type === "tspan" && !drawn.ignore && !drawn.parent?.ignore)
  .map(drawn => {
    const at = drawn.getBoundingRect().clone();
    if (drawn.transform) at.applyTransform(drawn.transform);
    return [drawn.style.text, at.x, at.y, at.x + at.width, at.y + at.height];
  })"""
"""What a plot has written: text, left, top, right, bottom, in pixels."""


def public_paths() -> list[str]:
    entry = Entry.objects.filter(measure=Measure.ISSUED).order_by("n").first()
    return [
        *("/", "/ledger", "/ledger/entries?measure=USED", "/ledger/vouchers", "/ledger/statements", "/ledger/data"),
        *("/verify", f"/verify?code={bytes(entry.leaf).hex()}", "/centres", "/notices?past=1", "/programmes"),
        *(f"/programmes/{PROGRAMME}", "/help", "/accessibility"),
    ]


def test_every_public_page_fits_and_breaks_no_wcag(visit: Visitor) -> None:
    dark = Look(scheme="dark")
    for number, path in enumerate(public_paths()):
        whole = (LOOKS[number % 4], LOOKS[(number + 3) % 4])  # each page in both languages and at both widths
        for page, look in visit.walk(path, [*LOOKS, dark]):
            where = f"{path} {look}"
            assert page.locator("h1").count() == 1, where
            assert not sticks_out(page), where
            assert small_targets(page) == [], where
            if look in whole:
                assert violations(page) == [], where
            elif look == dark:
                assert violations(page, COLOURS) == [], where


def test_plots_are_drawn_where_they_come_into_sight_and_again_in_the_dark(
    visit: Visitor, sample: World, present, auditor
) -> None:
    buyer, seller = (sample.holder(f"交易公司{n}", HolderClass.TECH_SME, serial=n) for n in (31, 32))
    market = traded(sample, buyer, seller).id
    paths = {
        "/ledger": "burnt",
        "/centres": "map",
        "/budget": "forecast",
        f"/exchange/{market}": "prices",
        f"/exchange/{market}/desk": "steps",
    }
    for path, kind in paths.items():
        page = visit.open(path, session=auditor)
        plot = page.locator("[data-plot]")
        expect(plot).to_have_count(1)
        plot.scroll_into_view_if_needed()
        expect(plot).to_have_attribute("data-drawn", kind)
        expect(plot.locator("canvas")).to_be_visible()
        light = plot.screenshot()
        page.emulate_media(color_scheme="dark")
        assert plot.screenshot() != light, path
        page.context.close()


def test_no_name_on_the_map_lies_over_another_on_a_telephone(visit: Visitor) -> None:
    for look in (each for each in LOOKS if each.width < 480):
        page = visit.open("/centres", look)
        plot = page.locator("[data-plot]")
        plot.scroll_into_view_if_needed()
        expect(plot).to_have_attribute("data-drawn", "map")
        names = plot.evaluate(NAMES_DRAWN)
        assert len(names) >= 10, look
        for one, other in combinations(names, 2):
            apart = any(one[low + 2] <= other[low] or other[low + 2] <= one[low] for low in (1, 2))
            assert apart, (look, one, other)
        page.context.close()


def test_the_first_page_weighs_little(visit: Visitor) -> None:
    page = visit.open("/help")
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()))
    page.context.clear_cookies()
    page.goto(visit.base + "/", wait_until="networkidle")
    weight = sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
    assert len(sizes) >= 5
    assert weight <= WEIGHT_MAX


def test_large_type_and_dark_by_keyboard_and_kept(visit: Visitor) -> None:
    page = visit.open("/ledger")
    page.get_by_role("button", name="大字版").press("Enter")
    expect(page.locator("html")).to_have_attribute("data-size", "large")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    assert not sticks_out(page)
    page.get_by_role("button", name="深色").press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith("/ledger")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 19, 24)"
    assert violations(page) == []
    page.goto(visit.base + "/verify")
    expect(page.locator("html")).to_have_attribute("data-size", "large")


def test_the_public_verifies_by_keyboard_alone(visit: Visitor) -> None:
    """From the first page to a figure, its entries, one of them verified, and a voucher's number typed."""
    page = visit.open("/")
    for name in ("公开台账",):
        page.get_by_role("navigation", name="主导航").get_by_role("link", name=name).focus()
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("公开台账")
    page.locator(".doors a").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("已发放")
    page.locator("td a.mono").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#verdict-title")).to_have_text("有效")
    row = Voucher.objects.order_by("issued_at").first()
    page.get_by_label("编号或哈希").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(row.number)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict-title")).to_have_text("有效")
    expect(page.locator(".verdict-card")).to_contain_text(row.number)


def test_print_leaves_out_what_only_a_screen_needs(visit: Visitor) -> None:
    page = visit.open("/ledger")
    page.emulate_media(media="print")
    expect(page.locator(".look")).to_be_hidden()
    expect(page.locator(".plot")).to_be_hidden()
    expect(page.get_by_role("table").first).to_be_visible()

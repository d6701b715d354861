"""The applicant in a real browser: an answer while typing, a quote before the button, every new page whole."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from jiaozi.order.models import Order
from jiaozi.party.models import Membership
from jiaozi.party.rules import Role
from jiaozi.settlement.models import Statement
from jiaozi.voucher.models import Voucher
from tests.browser.test_first_page import small_targets, sticks_out
from tests.browser.visitor import Look, Visitor, violations
from tests.web.people import member, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def voucher(sample) -> Voucher:
    return Voucher.objects.filter(state="ACTIVE").exclude(holder__holder_class="INTERMEDIARY").first()


@pytest.fixture
def holder(voucher, present) -> str:
    person = member("spender", Role.APPLICANT, present, organisation=voucher.holder_id)
    return str(signed_in(person).session.session_key)


def test_the_answer_comes_while_the_form_is_filled_in(visit: Visitor) -> None:
    page = visit.open("/eligibility/project-national")
    expect(page.locator("#answer")).to_contain_text("还有 4 项待填")
    page.get_by_label("作为牵头单位申报成功").select_option("yes")
    page.get_by_label("项目级别").select_option("national")
    page.get_by_label("联合开展的算力中心").select_option("nscc-chengdu")
    page.get_by_label("项目算力成本").fill("1200万")
    expect(page.locator("#answer h2")).to_contain_text("可申领最高 300.00万元")
    page.get_by_label("项目级别").select_option("provincial")
    expect(page.locator("#answer h2")).to_contain_text("暂不能申领")


def test_the_price_stands_before_the_button_and_one_click_holds_it(visit: Visitor, holder: str, voucher) -> None:
    page = visit.open(f"/vouchers/{voucher.id}/order", session=holder)
    page.get_by_label("名称", exact=True).fill("浏览器里的作业")
    page.get_by_label("资源").select_option("cpu-core")
    expect(page.locator("#quotes table")).to_contain_text("国家超算成都中心")
    page.get_by_label("脚本").fill("echo 1")
    page.get_by_role("button", name="冻结并提交").click()
    expect(page.locator(".live-state")).to_contain_text("已冻结")
    assert Order.objects.get(title="浏览器里的作业").state == "HELD"


def test_a_double_click_is_one_order_at_the_price_shown(visit: Visitor, holder: str, voucher) -> None:
    page = visit.open(f"/vouchers/{voucher.id}/order?tier=CITY", session=holder)
    page.get_by_label("名称", exact=True).fill("点了两下")
    page.get_by_label("资源").select_option("cpu-core")
    page.get_by_label("脚本").fill("echo 1")
    expect(page.locator("#quotes table")).to_contain_text("平台所选")
    shown = int(page.locator("input[name='shown:']").input_value())
    sent: list[str] = []
    page.on("request", lambda asked: asked.method == "POST" and sent.append(asked.url))
    page.get_by_role("button", name="冻结并提交").dblclick()
    expect(page.locator(".live-state")).to_contain_text("已冻结")
    assert sent
    row = Order.objects.get(title="点了两下")
    assert (row.state, row.most_fen, row.wishes) == ("HELD", shown, {"tier": "CITY"})


def test_a_template_is_kept_by_one_and_ordered_by_another_within_a_limit(
    visit: Visitor, holder: str, voucher, present
) -> None:
    """Enter in the template's name holds nothing; the colleague's form is filled in; its limit stands beside it."""
    place = {"organisation": voucher.holder_id}
    chief = str(signed_in(member("chief", Role.APPLICANT, present, administrator=True, **place)).session.session_key)
    row = Membership.objects.get(person__details__name="spender")
    page = visit.open(f"/members/{row.id}/limit", session=chief)
    page.get_by_label("限额（元）").fill("0.05")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("每月 0.05")).to_be_visible()
    page = visit.open(f"/vouchers/{voucher.id}/order", session=chief)
    page.get_by_label("名称", exact=True).fill("夜间训练")
    page.get_by_label("资源").select_option("cpu-core")
    page.get_by_label("脚本").fill("echo 1")
    expect(page.locator("#quotes table")).to_contain_text("国家超算成都中心")
    page.locator("summary", has_text="存为模板").click()
    page.get_by_label("模板名称").fill("夜间")
    page.get_by_label("模板名称").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("请点“保存模板”")
    page.get_by_role("button", name="保存模板").click()
    expect(page.get_by_text("模板已保存。")).to_be_visible()
    assert not Order.objects.filter(title="夜间训练").exists()
    page = visit.open("/templates", session=holder)
    page.get_by_role("link", name="下单").click()
    expect(page.get_by_label("名称", exact=True)).to_have_value("夜间训练")
    expect(page.locator(".page-head")).to_contain_text("我还可用 0.05元")
    page.get_by_role("button", name="冻结并提交").click()
    expect(page.locator(".live-state")).to_contain_text("已冻结")
    visit.complaints[:] = [line for line in visit.complaints if "422" not in line]
    for path, session in (("/members", chief), (f"/members/{row.id}/limit", chief), ("/templates", holder)):
        for page, look in visit.walk(path, (Look(), Look("en-US", 360, "dark")), session=session):
            for each in page.locator("details > summary").all():
                each.click()
            assert violations(page) == [], f"{path} {look}"
            assert (sticks_out(page), small_targets(page)) == (False, []), f"{path} {look}"


def test_the_new_pages_fit_and_break_no_wcag(visit: Visitor, holder: str, auditor: str, voucher) -> None:
    statement, dossier = Statement.objects.first(), voucher.application_id
    own = [
        f"/vouchers/{voucher.id}/order?tier=CITY&resource_class=cpu-core",
        "/wallet",
        "/apply/general",
        "/applications",
    ]
    seen = ["/eligibility", "/eligibility/general", f"/applications/{dossier}", f"/statements/{statement.id}"]
    wrong = []
    for paths, session in ((own, holder), ([*seen, "/statements", "/applications"], auditor)):
        for place, path in enumerate(paths):
            looks = (Look(), Look("en-US", 360, "dark")) if place % 2 else (Look("en-US"), Look("zh-CN", 360, "dark"))
            for page, look in visit.walk(path, looks, session=session):
                found = [*violations(page), *small_targets(page), *(["sticks out"] if sticks_out(page) else [])]
                wrong += [f"{path} {look}: {each}" for each in found]
    assert wrong == []

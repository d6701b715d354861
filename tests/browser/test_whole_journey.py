"""Somebody new: signs up, applies, is approved, spends, and sees the centre paid, by pages alone, without a manual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from jiaozi.kernel import clock
from jiaozi.metering import services as metering
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.order.services import engines
from jiaozi.party.rules import Role
from tests import fake_engine
from tests.browser.test_first_page import pytestmark
from tests.browser.visitor import Look, Visitor
from tests.web.people import PASSWORD, member, signed_in
from tests.world import CENTRE, uscc

__all__ = ["pytestmark"]


@pytest.fixture
def engine(monkeypatch, settings) -> Iterator[None]:
    """One engine in memory for every centre."""
    monkeypatch.setattr(fake_engine, "ENGINE", fake_engine.FakeEngine())
    settings.JIAOZI_ENGINES = {"process": "tests.fake_engine"}
    engines._engine.cache_clear()
    yield
    engines._engine.cache_clear()


class Desk:
    """The windows of everybody who has a part in it, each signed in once."""

    def __init__(self, visit: Visitor, look: Look, present) -> None:
        self.visit, self.look, self.present = visit, look, present

    def say(self, zh: str, en: str) -> str:
        return zh if self.look.language == "zh-CN" else en

    def open(self, role: Role, path: str, name: str = "") -> Page:
        session = signed_in(member(name or role.value.lower(), role, self.present)).session.session_key
        return self.visit.open(path, self.look, session=str(session))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def follow(page: Page, name: str) -> None:
    page.locator("main").get_by_role("link", name=name).first.click()


def signed_up(desk: Desk) -> Page:
    """A new account with its address proved, and the organisation that it registers."""
    say, page = desk.say, desk.visit.open("/sign-in/signup/", desk.look)
    page.get_by_label(say("姓名", "Name")).fill("周小文")
    page.get_by_label(say("邮箱", "E-mail")).fill("zhou@example.cn")
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    press(page, say("开通", "Open"))
    page.wait_for_url("**/confirm-email/")
    (code,) = re.findall(r"code is ([A-Z0-9-]+);", str(mail.outbox[-1].body))
    page.locator("#id_code").fill(code)
    press(page, say("确认", "Confirm"))
    follow(page, say("登记新单位", "Register an organisation"))
    page.locator("#id_name").fill("浣花智能科技有限公司")
    page.locator("#id_holder_class").select_option("TECH_SME")
    page.locator("#id_uscc").fill(uscc(88))
    page.locator("#id_registered_in_city").select_option("yes")
    press(page, say("登记", "Register"))
    page.wait_for_url("**/eligibility")
    return page


def applied(desk: Desk, page: Page) -> str:
    """An application, handed in: what the register knows is not asked, and the answer stands beside the form."""
    say = desk.say
    page.goto(f"{desk.visit.base}/eligibility/general")
    expect(page.locator("#fact-applicant-holder_class")).to_have_value("TECH_SME")
    page.locator("#fact-applicant-dishonest").select_option("no")
    page.locator("#fact-need-compute_cost").fill("6万")
    page.locator("#answer").get_by_role("link", name=say("去申领", "Apply"), exact=True).click()
    press(page, say("存为草稿，下一步", "Keep as a draft, next"))
    expect(page.locator("#answer h2")).to_contain_text(say("3.00万元", "30,000.00"))
    press(page, say("提交申领", "Submit"))
    expect(page.locator("h1")).to_contain_text(say("已提交", "Submitted"))
    return page.url.removeprefix(desk.visit.base)


def approved(desk: Desk, path: str) -> None:
    say, page = desk.say, desk.open(Role.OFFICER, path)
    press(page, say("受理并判定", "Take up and decide"))
    press(page, say("公示", "Give public notice"))
    press(page, say("演示：立即结束公示", "Demo: end the notice now"))
    press(page, say("批准并发券", "Approve and issue"))
    expect(page.locator("h1")).to_contain_text(say("已批准", "Approved"))


def prepaid(desk: Desk) -> None:
    say, page = desk.say, desk.open(Role.CENTRE, "/supply/prepaid")
    page.locator("#to").fill(uscc(88))
    press(page, say("查找", "Find"))
    page.locator("#amount").fill("100")
    press(page, say("登记", "Record"))
    expect(page.locator("tbody")).to_contain_text("浣花智能科技有限公司")


def spent(desk: Desk, page: Page) -> Order:
    """A job that ran: priced before it is held for, followed on its page, captured for exactly what was metered."""
    say = desk.say
    page.goto(f"{desk.visit.base}/wallet")
    follow(page, say("用券提交作业", "Run a job"))
    page.locator("#title").fill("hello")
    page.locator("#resource_class").select_option("cpu-core")
    page.locator("#script").fill("echo hello")
    page.locator(f"#quotes input[value='{CENTRE}']").check()
    press(page, say("冻结并提交", "Hold and submit"))
    expect(page.locator(".live-state")).to_contain_text(say("已冻结", "Held"))
    row = Order.objects.get(title="hello")
    ran(row)
    expect(page.locator(".live-state")).to_contain_text(say("已核销", "Captured"), timeout=20_000)
    row.refresh_from_db()
    return row


def ran(row: Order) -> None:
    """What the engine and the worker do meanwhile: nine minutes on one core."""
    now = clock.now()
    order.submit(order_id=row.id, now=now)
    over = now + timedelta(minutes=9)
    record = UsageRecord(
        record_id=f"fake:{row.id}",
        order_id=row.id,
        resource_class=row.resource_class_id,
        units=row.units,
        started_at=now,
        ended_at=over,
        elapsed_ms=540_000,
        outcome=JobOutcome.SUCCEEDED,
    )
    fake_engine.ENGINE.records.append(record)
    fake_engine.ENGINE.end(row.id, over, started_at=now)
    order.watch(centre=row.centre_id, now=over)
    metering.collect(centre=row.centre_id, now=over)


def paid(desk: Desk, row: Order) -> None:
    """The centre's statement: closed, confirmed, matched, approved by one, paid by another."""
    say, operator = desk.say, desk.open(Role.OPERATOR, "/statements")
    operator.locator("summary").first.click()
    press(operator, say("关账", "Close"))
    follow(operator, say("国家超算成都中心", "National Supercomputing Center in Chengdu"))
    path = operator.url.removeprefix(desk.visit.base)
    clerk = desk.open(Role.CENTRE, f"{path}/usage", "accountant")
    clerk.get_by_role("button", name=say("确认全部", "Confirm all")).click()
    operator.reload()
    press(operator, say("三方核对", "Match three ways"))
    expect(operator.locator("h1")).to_contain_text(say("已对平", "Matched"))
    press(desk.open(Role.FINANCE, path, "approver"), say("批准支付", "Approve"))
    payer = desk.open(Role.FINANCE, path, "payer")
    payer.locator("#pay-words").fill("20240520-0001")
    press(payer, say("由备用金支付", "Pay from the reserve"))
    expect(payer.locator("h1")).to_contain_text(say("已支付", "Paid"))
    row.refresh_from_db()
    assert (row.state, row.price_fen, row.voucher_fen, row.own_fen) == ("SETTLED", 2, 1, 1)


@pytest.mark.parametrize("look", [Look(), Look("en-US", 360)], ids=["zh", "en"])
def test_a_newcomers_voucher_from_sign_up_to_payment(visit: Visitor, engine, present, look: Look) -> None:
    desk = Desk(visit, look, present)
    page = signed_up(desk)
    approved(desk, applied(desk, page))
    prepaid(desk)
    row = spent(desk, page)
    paid(desk, row)
    page.reload()
    expect(page.locator(".live-state")).to_contain_text(desk.say("已结算", "Settled"))
    page.goto(f"{visit.base}/ledger/orders")
    expect(page.locator("main")).to_contain_text("hello")

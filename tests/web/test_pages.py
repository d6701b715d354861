"""The pages as a reader gets them: what stands on them, in which language, with how many SQL statements."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from jiaozi.application.models import Application
from jiaozi.kernel.fen import yuan
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import post
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.party.rules import Role
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import load
from jiaozi.settlement.queries import year_at_a_glance
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.queries import purse
from tests.web.people import member, signed_in
from tests.web.sample_year import HOLDERS, fill
from tests.world import PROGRAMME

SQL_STATEMENTS_MAX = 12
MANY = 3_000

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(present) -> Client:
    """Somebody who may see every holder's affairs."""
    return signed_in(member("auditor", Role.AUDITOR, present))


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def text_of(page: bytes) -> str:
    """The page's words, tags and runs of space gone."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def test_the_first_page_says_what_the_books_say(client: Client, present) -> None:
    fill(present)
    words = text_of(client.get("/").content)
    figures = year_at_a_glance(PROGRAMME, 2024)
    assert figures.settled_fen
    assert figures.used_fen > figures.settled_fen
    for amount_fen in (figures.cap_fen, figures.settled_fen, figures.used_fen - figures.settled_fen, figures.held_fen):
        assert yuan(amount_fen) in words
    for name, _, _ in HOLDERS:
        assert name in words
    assert "2024年度总览" in words
    assert "差额 0.00元" in words


def test_every_unpublished_parameter_is_shown_as_such_with_its_demo_value(client: Client, present) -> None:
    world = fill(present)
    page = client.get("/").content.decode()
    parameters = page[page.index('id="unpublished"') : page.index("</main>")]
    unpublished = [each for each in load(world.version.text).programme.parameters.values() if each.unpublished]
    assert unpublished
    assert parameters.count("未公布</span>") == len(unpublished)
    assert parameters.count("演示值") == sum(each.demo is not None for each in unpublished)
    assert 'class="badge">演示' in page


def test_the_page_speaks_english(english: Client, present) -> None:
    fill(present)
    page = english.get("/").content.decode()
    assert '<html lang="en">' in page
    outside_chinese = re.sub(r'<(\w+)[^>]*lang="zh-CN"[^>]*>.*?</\1>', "", page, flags=re.DOTALL)
    assert not re.findall(r"[一-鿿]+", text_of(outside_chinese.encode()))
    assert "CNY" in page


def test_the_switch_changes_the_language_and_stays_on_the_page(client: Client, present) -> None:
    fill(present)
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/?live=off"})
    assert answer.headers["Location"] == "/?live=off"
    assert '<html lang="en">' in client.get("/?live=off").content.decode()


def test_no_programme_says_what_to_do(client: Client, present) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "make demo" in page.content.decode()


def test_a_voucher_adds_up(auditor: Client, present) -> None:
    fill(present)
    row = Voucher.objects.order_by("issued_at").first()
    words = text_of(auditor.get(f"/vouchers/{row.id}").content)
    left = purse(row.id)
    assert left.used_fen
    assert left.held_fen
    assert row.face_fen == left.spendable_fen + left.held_fen + left.used_fen + left.ended_fen
    booked_fen = left.spendable_fen + left.held_fen
    assert f"账面余额 {yuan(booked_fen)} 减：冻结中 {yuan(left.held_fen)} 可用 {yuan(left.spendable_fen)}" in words


def test_an_order_says_why_it_costs_what_it_costs(auditor: Client, present) -> None:
    fill(present)
    row = Order.objects.filter(state=State.SETTLED).order_by("quoted_at").first()
    words = text_of(auditor.get(f"/orders/{row.id}").content)
    assert row.price_fen == row.voucher_fen + row.own_fen
    for part in (yuan(row.price_fen), yuan(row.voucher_fen), "36.00", "50%", "37分1秒", "运行成功"):
        assert part in words


def test_a_live_order_asks_again_and_a_finished_one_does_not(auditor: Client, present) -> None:
    fill(present)
    running = Order.objects.get(state=State.RUNNING)
    finished = Order.objects.filter(state=State.SETTLED).first()
    assert "hx-get" in auditor.get(f"/orders/{running.id}").content.decode()
    assert "hx-get" not in auditor.get(f"/orders/{finished.id}").content.decode()
    part = auditor.get(f"/orders/{running.id}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "运行中" in part


@pytest.mark.parametrize("path", ["/vouchers/{}", "/orders/{}"])
def test_what_is_not_there_is_said_in_one_line(auditor: Client, present, path: str) -> None:
    missing = uuid4()
    answer = auditor.get(path.format(missing))
    assert answer.status_code == 404
    assert str(missing) in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


@pytest.mark.parametrize("path", ["/nowhere", "/?year=3000", "/?year=abc", "/?year=²"])
def test_a_wrong_address_is_told_in_style(client: Client, present, path: str) -> None:
    fill(present)
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


def test_a_fault_of_ours_is_told_in_style(client: Client, present, monkeypatch) -> None:
    monkeypatch.setattr(policy, "current", lambda programme, on: 1 // 0)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "服务出错了" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/orders/live"])
def test_pages_only_read(client: Client, present, path: str) -> None:
    fill(present)
    assert client.post(path).status_code == 405


def test_the_public_sees_no_orders_title(client: Client, auditor: Client, present) -> None:
    fill(present)
    running = Order.objects.get(state=State.RUNNING)
    assert running.title not in client.get("/").content.decode()
    assert running.number in client.get("/").content.decode()
    assert running.title in auditor.get("/").content.decode()


def test_a_name_cannot_carry_markup(auditor: Client, present) -> None:
    fill(present)
    bad = "<script>alert(1)</script>"
    Order.objects.filter(state=State.RUNNING).update(title=bad)
    page = auditor.get("/").content.decode()
    assert bad not in page
    assert escape(bad) in page


def test_policy_forbids_everything_inline(client: Client, present) -> None:
    fill(present)
    answer = client.get("/")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def _many(world, number: int) -> None:
    """Copy one voucher and one order many times, with their books through the ledger's batch."""
    first = Voucher.objects.select_related("application").order_by("issued_at").first()
    order = Order.objects.filter(state=State.SETTLED).first()
    vouchers, orders, applications, chains = [], [], [], []
    available = voucher_rules.available_account(PROGRAMME, 2024)
    accounts = []
    for index in range(number):
        at = world.now - timedelta(seconds=index + 1)
        application = Application(
            **{f.attname: getattr(first.application, f.attname) for f in Application._meta.fields}
        )
        application.id, application.once_key = uuid4(), None
        row = Voucher(**{f.attname: getattr(first, f.attname) for f in Voucher._meta.fields})
        row.id, row.application_id, row.face_fen, row.issued_at = uuid4(), application.id, 100, at
        copy = Order(**{f.attname: getattr(order, f.attname) for f in Order._meta.fields})
        copy.id, copy.voucher_id, copy.quoted_at = uuid4(), row.id, at
        account = voucher_rules.voucher_account(PROGRAMME, row.id)
        applications.append(application)
        vouchers.append(row)
        orders.append(copy)
        accounts.append(account)
        chains.append([post(uuid4(), available, account, 100, "voucher.issue", row.id)])
    Application.objects.bulk_create(applications)
    Voucher.objects.bulk_create(vouchers)
    Order.objects.bulk_create(orders)
    ledger.open_accounts(accounts)
    assert all(status.stands for chain in ledger.apply(chains, at=world.now) for status in chain)


def _statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def test_the_first_page_takes_few_sql_statements_at_any_size(
    client: Client, present, django_assert_max_num_queries
) -> None:
    world = fill(present)
    few = _statements(client, "/")
    _many(world, MANY)
    with django_assert_max_num_queries(SQL_STATEMENTS_MAX):
        page = client.get("/")
    assert _statements(client, "/") <= few
    assert len(page.content) < 120_000
    live = _statements(client, "/orders/live")
    assert live <= 2


def test_the_live_orders_of_no_programme_are_not_found(client: Client) -> None:
    assert client.get("/orders/live").status_code == 404

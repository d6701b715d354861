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
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries import year_at_a_glance
from jiaozi.transparency import services as transparency
from jiaozi.transparency.queries import open_year
from jiaozi.transparency.rules import prove
from jiaozi.transparency.rules.measuring import Measure
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.queries import purse
from tests.web.people import member, signed_in
from tests.web.sample_year import fill
from tests.world import PROGRAMME

SQL_STATEMENTS_MAX = 12
MANY = 1_000
CHUNK = 500
LISTS = ("/ledger/vouchers", "/ledger/orders", "/ledger/statements", "/notices?past=1")
PUBLIC = (
    *("/", "/ledger", "/ledger/entries", "/ledger/vouchers", "/ledger/orders", "/ledger/statements", "/ledger/data"),
    *("/verify", "/centres", "/notices", "/notices?past=1", "/programmes", f"/programmes/{PROGRAMME}", "/help"),
    "/accessibility",
)

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


def test_the_first_page_says_what_the_books_say(client: Client, sample_year) -> None:
    words = text_of(client.get("/").content)
    figures = year_at_a_glance(PROGRAMME, 2024)
    assert figures.settled_fen
    assert figures.used_fen > figures.settled_fen
    for amount_fen in (figures.cap_fen, figures.settled_fen, figures.used_fen - figures.settled_fen, figures.held_fen):
        assert yuan(amount_fen) in words
    assert "2024年度总览" in words
    assert "差额 0.00元" in words


def test_every_unpublished_parameter_is_shown_as_such_with_its_demo_value(client: Client, sample_year) -> None:
    page = client.get(f"/programmes/{PROGRAMME}").content.decode()
    parameters = page[page.index('id="unpublished"') : page.index('id="versions-title"')]
    unpublished = [each for each in load(sample_year.version.text).programme.parameters.values() if each.unpublished]
    assert unpublished
    assert parameters.count("未公布</span>") == len(unpublished)
    assert parameters.count("演示值") == sum(each.demo is not None for each in unpublished)
    assert 'class="badge">演示' in page


def test_the_public_pages_speak_english(english: Client, sample_year) -> None:
    for path in PUBLIC:
        page = english.get(path).content.decode()
        assert '<html lang="en"' in page
        outside_chinese = re.sub(r'<(\w+)[^>]*lang="zh-CN"[^>]*>.*?</\1>', "", page, flags=re.DOTALL)
        assert re.findall(r"[一-鿿]+", text_of(outside_chinese.encode())) == [], path


def test_the_switch_changes_the_language_and_stays_on_the_page(client: Client, sample_year) -> None:
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/ledger/orders?live=off"})
    assert answer.headers["Location"] == "/ledger/orders?live=off"
    assert '<html lang="en"' in client.get("/ledger/orders?live=off").content.decode()


def test_no_programme_says_what_to_do(client: Client, present) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "make demo" in page.content.decode()


def test_a_voucher_adds_up(auditor: Client, sample_year) -> None:
    row = Voucher.objects.order_by("issued_at").first()
    words = text_of(auditor.get(f"/vouchers/{row.id}").content)
    left = purse(row.id)
    assert left.used_fen
    assert left.held_fen
    assert row.face_fen == left.spendable_fen + left.held_fen + left.used_fen + left.ended_fen
    booked_fen = left.spendable_fen + left.held_fen
    assert f"账面余额 {yuan(booked_fen)} 减：冻结中 {yuan(left.held_fen)} 可用 {yuan(left.spendable_fen)}" in words


def test_an_order_says_why_it_costs_what_it_costs(auditor: Client, sample_year) -> None:
    row = Order.objects.filter(state=State.SETTLED).order_by("quoted_at").first()
    words = text_of(auditor.get(f"/orders/{row.id}").content)
    assert row.price_fen == row.voucher_fen + row.own_fen
    for part in (yuan(row.price_fen), yuan(row.voucher_fen), "36.00", "50%", "37分1秒", "运行成功"):
        assert part in words


def test_a_live_order_asks_again_and_a_finished_one_does_not(auditor: Client, sample_year) -> None:
    running = Order.objects.get(state=State.RUNNING)
    finished = Order.objects.filter(state=State.SETTLED).first()
    again = 'hx-trigger="every'
    assert again in auditor.get(f"/orders/{running.id}").content.decode()
    assert again not in auditor.get(f"/orders/{finished.id}").content.decode()
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
def test_a_wrong_address_is_told_in_style(client: Client, sample_year, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


def test_a_fault_of_ours_is_told_in_style(client: Client, present, monkeypatch) -> None:
    monkeypatch.setattr(policy, "current", lambda programme, on: 1 // 0)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "服务出错了" in answer.content.decode()


def test_pages_only_read(client: Client, sample_year) -> None:
    for path in (*PUBLIC, "/orders/live"):
        assert client.post(path).status_code == 405, path


def test_the_public_sees_no_orders_title(client: Client, auditor: Client, sample_year) -> None:
    running = Order.objects.get(state=State.RUNNING)
    assert running.title not in client.get("/ledger/orders").content.decode()
    assert running.number in client.get("/ledger/orders").content.decode()
    assert running.title in auditor.get("/ledger/orders").content.decode()


def test_a_name_cannot_carry_markup(auditor: Client, sample_year) -> None:
    bad = "<script>alert(1)</script>"
    Order.objects.filter(state=State.RUNNING).update(title=bad)
    page = auditor.get("/ledger/orders").content.decode()
    assert bad not in page
    assert escape(bad) in page


def test_policy_forbids_everything_inline(client: Client, sample_year) -> None:
    for path in PUBLIC:
        answer = client.get(path)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        page = answer.content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", page), path
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page)), path


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
    for start in range(0, number, CHUNK):
        ledger.open_accounts(accounts[start : start + CHUNK])
        found = ledger.apply(chains[start : start + CHUNK], at=world.now)
        assert all(status.stands for chain in found for status in chain)


def _statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def test_the_public_pages_take_few_sql_statements_at_any_size(client: Client, present) -> None:
    world = fill(present, sealed=False)
    few = {path: (_statements(client, path), len(client.get(path).content)) for path in LISTS}
    _many(world, MANY)
    transparency.seal_all(now=present, until=transparency.EVERYTHING)
    assert open_year(PROGRAMME, 2024).issued_fen == year_at_a_glance(PROGRAMME, 2024).issued_fen
    for path in PUBLIC:
        assert _statements(client, path) <= SQL_STATEMENTS_MAX, path
        assert len(client.get(path).content) < 150_000, path
    for path, (statements, size) in few.items():
        assert _statements(client, path) <= statements, path
        assert len(client.get(path).content) < size + 40_000, path
    assert _statements(client, "/orders/live") <= 2


def test_lists_go_on_until_everything_was_shown(client: Client, sample_year) -> None:
    _many(sample_year, 40)
    for path, rows in (("/ledger/vouchers", Voucher), ("/ledger/orders", Order)):
        seen, at = [], path
        while at:
            page = client.get(at).content.decode()
            seen += re.findall(r"<th scope=\"row\"><span class=\"mono\">([0-9A-F-]+)</span>", page)
            found = re.search(r'href="(\?after=[^"]+)"', page)
            at = f"{path}{found[1]}".replace("&amp;", "&") if found else ""
        assert len(seen) == len(set(seen)) == rows.objects.count(), path


def test_what_the_open_ledger_does_not_have_is_not_found(client: Client, sample_year) -> None:
    for path in (
        *("/ledger?year=abc", "/ledger/entries?measure=X", "/ledger/entries?by=X", "/ledger/entries?before=x"),
        *(
            "/ledger/entries?before=99999999999999999999999",
            "/ledger/vouchers?after=x",
            "/ledger/orders?after=2024-01-01~x",
        ),
        *("/ledger/data.xml", "/ledger/data.csv?after=x", "/ledger/data.csv?after=99999", "/ledger/data.csv?upto=3"),
        *("/programmes/none", "/notices?after=1~2"),
    ):
        assert client.get(path).status_code == 404, path


def test_a_figure_opens_the_entries_that_it_is_the_sum_of(client: Client, sample_year) -> None:
    figures = open_year(PROGRAMME, 2024)
    page = client.get("/ledger").content.decode()
    assert 'href="/ledger/entries?year=2024&amp;measure=USED"' in page
    words = client.get("/ledger/entries?year=2024&measure=USED").content.decode()
    amounts = re.findall(r'data-label="金额">([0-9,.-]+)<', words)
    assert sum(round(float(each.replace(",", "")) * 100) for each in amounts) == figures.used_fen
    code = re.search(r"/verify\?code=([0-9a-f]{64})", words)[1]
    assert "有效" in client.get(f"/verify?code={code}").content.decode()


@pytest.mark.parametrize("measure", list(Measure))
def test_every_entry_of_the_open_ledger_is_said_in_words(client: Client, sample_year, measure) -> None:
    page = client.get(f"/ledger/entries?year=2024&measure={measure.value}").content.decode()
    assert not re.findall(r'data-label="事项">[a-z]+\.[a-z.]+<', page)


def test_a_download_by_its_address_proves_itself(client: Client, sample_year) -> None:
    page = client.get("/ledger/data").content.decode()
    for form in ("csv", "jsonl"):
        address = re.search(rf'href="(/ledger/data\.{form}\?[^"]+)"', page)[1].replace("&amp;", "&")
        answer = client.get(address)
        text = b"".join(answer.streaming_content)
        assert prove([text.splitlines(keepends=True)]).holds
        assert b"".join(client.get(address).streaming_content) == text
    assert client.get("/ledger/key").content.decode().strip() in page


def test_verification_says_what_is_valid_and_what_is_not(client: Client, sample_year) -> None:
    row = Voucher.objects.order_by("issued_at").first()
    words = text_of(client.get("/verify", {"code": row.number}).content)
    for part in ("有效", row.number, yuan(row.face_fen), row.holder.name, "voucher.issue"):
        assert part in words
    statement = Statement.objects.first()
    assert "已支付" in text_of(client.get("/verify", {"code": statement.number}).content)
    assert "无效：没有此编号" in text_of(client.get("/verify", {"code": "0000-0000-0000"}).content)
    wrong = client.get("/verify", {"code": "<b>"})
    assert wrong.status_code == 400
    assert "核验码须为" in wrong.content.decode()


def test_notices_say_how_long_and_what_was_decided(client: Client, sample_year, settings) -> None:
    first = Application.objects.order_by("submitted_at").first()
    Application.objects.filter(id=first.id).update(
        state="PUBLIC_NOTICE", notice_until=sample_year.now + timedelta(days=3), decided_at=None
    )
    settings.JIAOZI_SITE = settings.JIAOZI_SITE | {"objections": "objections@example.cn"}
    words = text_of(client.get("/notices").content)
    for part in (first.holder.name, "3天", "objections@example.cn", "公示中"):
        assert part in words
    over = text_of(client.get("/notices?past=1").content)
    assert first.holder.name not in over
    assert over.count("已批准") == Application.objects.filter(state="APPROVED", notice_until__isnull=False).count()
    assert first.holder.name in text_of(client.get("/").content)


def test_large_type_and_dark_are_kept_without_a_script(client: Client, sample_year) -> None:
    answer = client.post("/look", {"size": "large", "next": "/ledger"})
    assert answer.headers["Location"] == "/ledger"
    client.post("/look", {"theme": "dark", "next": "//elsewhere.example"})
    page = client.get("/").content.decode()
    assert 'data-theme="dark" data-size="large"' in page
    assert "标准字号" in page
    client.post("/look", {"size": "<b>"})
    client.cookies["theme"] = "purple"
    assert 'data-theme="auto" data-size="large"' in client.get("/").content.decode()
    assert client.post("/look", {"next": "https://elsewhere.example/"}).headers["Location"] == "/"


def test_what_a_government_site_states_stands_only_where_it_is_set(client: Client, sample_year, settings) -> None:
    assert "网站标识码" not in client.get("/").content.decode()
    settings.JIAOZI_SITE = settings.JIAOZI_SITE | {"code": "5101000001"}
    assert "5101000001" in client.get("/").content.decode()


def test_the_live_orders_of_no_programme_are_not_found(client: Client) -> None:
    assert client.get("/orders/live").status_code == 404

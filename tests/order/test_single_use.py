"""``partial_use: false``: one voucher, one order; whoever asks for a second hears which order has it.

Guizhou's document with that one value changed; its demo value lets a voucher be used in parts.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection

from jiaozi.kernel.fen import parse_yuan
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageRow
from jiaozi.order import services as order
from jiaozi.order.rules import State, UnableToQuote
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries
from tests.metering.test_import import line
from tests.order.test_terms import held, quoted
from tests.settlement.cities import City, text_of
from tests.world import CENTRE, OPERATOR

MARCH = date(2026, 3, 1)


def single(text: str) -> str:
    whole = "whether a voucher may be used in parts, unpublished: true, demo: "
    assert whole + "true" in text
    return text.replace(whole + "true", whole + "false")


def started(city):
    row = city.voucher(city.holder(), "order", city.sample("firm"))
    order.credit_own(
        programme=city.slug, holder_id=row.holder_id, centre=CENTRE, amount_fen=parse_yuan("1万"),
        reference=row.id, by=OPERATOR, now=city.now,
    )  # fmt: skip
    return row


@pytest.fixture
def city(db):
    return City(single(text_of("guizhou-2026")), MARCH)


@pytest.fixture
def voucher(city):
    return started(city)


def test_the_quote_says_what_becomes_of_the_rest(city, voucher):
    row = quoted(city, voucher)
    assert row.reason_code == "SINGLE_USE"
    assert "299,998.20" in row.reason_en  # 30 % of 6 yuan go to this order
    assert "budget" in row.reason_en
    assert "退回年度预算" in row.reason_zh
    assert order.hold(order_id=row.id, by=city.by(voucher.holder), now=city.now).reason_code == ""


def test_a_voucher_in_parts_is_told_nothing(db):
    town = City(text_of("guizhou-2026"), MARCH)
    assert quoted(town, started(town)).reason_code == ""


def test_a_second_order_is_refused_with_the_first_ones_name(city, voucher):
    second = quoted(city, voucher)
    first = held(city, voucher)
    done = order.hold(order_id=second.id, by=city.by(voucher.holder), now=city.now)
    assert (done.state, done.reason_code) == (State.REFUSED, "SINGLE_USE")
    assert first.number in done.reason_zh
    with pytest.raises(UnableToQuote, match=first.number) as refused:
        quoted(city, voucher)
    assert (refused.value.reason.code, refused.value.reason.field) == ("SINGLE_USE", "voucher")
    assert queries.purse(voucher.id).held_fen == first.voucher_hold_fen


def test_after_the_job_what_is_left_pays_no_second_one(city, voucher):
    city.job(voucher)
    with pytest.raises(UnableToQuote, match="not used in parts"):
        quoted(city, voucher)
    assert queries.purse(voucher.id).spendable_fen > 0
    assert settlement.audit_all().findings == ()


def test_an_order_that_gave_all_back_leaves_the_voucher_free(city, voucher):
    first = held(city, voucher)
    order.cancel(order_id=first.id, by=city.by(voucher.holder), now=city.now)
    assert held(city, voucher).state == State.HELD


def test_imported_jobs_are_no_order(city, voucher):
    """A trace is many uses without an order: it waits, with the way out in its reason."""
    at = int((city.now - timedelta(hours=5)).timestamp())
    words = {"centre": CENTRE, "programme": city.slug, "by": OPERATOR, "now": city.now}
    metering.import_jobs(lines=[line(1, submit=at), line(2, submit=at)], accounts={"1": voucher.id}, **words)
    assert [*UsageRow.objects.values_list("reason_code", flat=True)] == ["SINGLE_USE"] * 2
    assert "order" in UsageRow.objects.first().reason_en


def test_orders_at_once_are_one(fresh_database):
    city = City(single(text_of("guizhou-2026")), MARCH)
    voucher = started(city)
    rows = [quoted(city, voucher) for _ in range(8)]

    def attempt(row):
        try:
            return order.hold(order_id=row.id, by=city.by(voucher.holder), now=city.now).state
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        states = sorted(pool.map(attempt, rows, timeout=60))
    assert states == ["HELD"] + ["REFUSED"] * 7

"""A quota in kind: card-seconds beside the money, held and captured with it, never overdrawn.

No published programme has one: the document here is the tests' own.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.ids import named_id
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import TransferKind, capture
from jiaozi.order import services as orders
from jiaozi.order import tasks
from jiaozi.order.models import Order
from jiaozi.order.rules import Request
from jiaozi.order.rules import quota as rules
from jiaozi.order.rules.quota import Quota, UnableToEndQuota
from jiaozi.order.services import quota as quotas
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import services as vouchers
from tests.settlement.cities import City, text_of
from tests.world import CENTRE, OFFICER

MARCH = date(2026, 3, 1)
ORDER_ID = named_id("test", 1)


def text():
    """Guizhou's document with a quota: an hour of one unit counts 5 yuan, up to 2 hours; the centre is paid in full."""
    return (
        text_of("guizhou-2026")
        .replace("programme: guizhou-2026", "programme: quota-city")
        .replace("pay_model: deduct_at_order", "pay_model: quota_in_kind")
        .replace("order_share: parameter.order_share", "order_share: 100%")
    )


@pytest.fixture
def city(db):
    return City(quota_text(), MARCH)


def quota_text():
    found = text()
    start = found.index("    amount: ")
    end = found.index("\n", start)
    found = found[:start] + "    amount: {quantity: {of: need.card_hours, price: 5元, most: 2}}" + found[end:]
    facts = "\nfacts:\n  need.card_hours: {kind: decimal, zh: 卡时, en: card-hours}\n"
    found = found.replace("\nfacts:\n", facts)
    cases = found.index("\ncases:\n")
    return (
        found[:cases] + "\ncases:\n  - {sample: firm, facts: {need: {card_hours: '2'}}, on: 2026-03-01, expect: 10元}\n"
    )


@pytest.fixture
def voucher(city):
    clause = "order"
    return city.voucher(city.holder(), clause, {**city.sample("firm"), "need": {"card_hours": "3"}})


def ask(city, voucher, *, units=1, seconds=3600):
    by = city.by(voucher.holder)
    request = Request(
        centre=CENTRE,
        resource_class="cpu-core",
        units=units,
        memory_mib=256,
        time_limit_ms=seconds * 1000,
        command=("true",),
    )
    quoted = orders.quote(voucher_id=voucher.id, request=request, title="test", by=by, now=city.now)
    return orders.hold(order_id=quoted.id, by=by, now=city.now)


def test_the_grant_is_in_card_seconds(voucher):
    assert voucher.face_fen == 1000
    assert quotas.quota(voucher.id) == Quota(7200, 7200, 0, 0, 0)


def test_held_and_captured_with_the_money(city, voucher):
    captured = city.job(voucher, units=2, seconds=1800)
    assert (captured.voucher_fen, captured.own_fen) == (15, 0)
    assert quotas.quota(voucher.id) == Quota(7200, 3600, 0, 3600, 0)
    order = ask(city, voucher, units=1, seconds=60)
    assert order.state == "HELD"
    assert quotas.quota(voucher.id) == Quota(7200, 3540, 60, 3600, 0)
    orders.cancel(order_id=order.id, by=city.by(voucher.holder), now=city.now)
    assert quotas.quota(voucher.id) == Quota(7200, 3600, 0, 3600, 0)
    assert settlement.audit_all().findings == ()


def test_past_the_quota_nothing_is_held(city, voucher):
    refused = ask(city, voucher, units=3, seconds=2401)
    assert (refused.state, refused.reason_code) == ("REFUSED", "QUOTA_SHORT")
    assert quotas.quota(voucher.id) == Quota(7200, 7200, 0, 0, 0)
    assert ask(city, voucher, units=3, seconds=2400).state == "HELD"
    assert settlement.audit_all().findings == ()


def test_what_is_left_ends_with_the_voucher(city, voucher):
    with pytest.raises(UnableToEndQuota, match="active"):
        quotas.end_quota(voucher_id=voucher.id, by=OFFICER, now=city.now)
    order = ask(city, voucher, seconds=600)
    vouchers.revoke(voucher_id=voucher.id, reason="违规", by=OFFICER, now=city.now)
    with pytest.raises(UnableToEndQuota, match="officer"):
        quotas.end_quota(voucher_id=voucher.id, by=Actor("auditor:he", Role.AUDITOR), now=city.now)
    assert quotas.end_quota(voucher_id=voucher.id, by=OFFICER, now=city.now) == Quota(7200, 0, 600, 0, 6600)
    assert quotas.end_quota(voucher_id=voucher.id, by=OFFICER, now=city.now).ended_s == 6600
    orders.cancel(order_id=order.id, by=city.by(voucher.holder), now=city.now)
    assert quotas.quota(voucher.id) == Quota(7200, 0, 0, 0, 7200)
    assert settlement.audit_all().findings == ()


def test_the_clock_ends_what_ended_vouchers_have_left(city, voucher):
    """Nothing of a living voucher, nor twice; what a job holds follows when it ends."""
    asked = ask(city, voucher, seconds=600)
    tasks.end_quotas(timestamp=0)
    assert quotas.quota(voucher.id).ended_s == 0
    vouchers.expire(voucher_id=voucher.id, now=city.now + timedelta(days=400))
    tasks.end_quotas(timestamp=0)
    assert quotas.quota(voucher.id) == Quota(7200, 0, 600, 0, 6600)
    assert orders.end_due_quotas(now=city.now) == 0
    orders.cancel(order_id=asked.id, by=city.by(voucher.holder), now=city.now)
    assert quotas.quota(voucher.id) == Quota(7200, 0, 0, 0, 7200)
    assert settlement.audit_all().findings == ()


def test_another_programmes_officer_ends_no_quota(city, voucher):
    ask(city, voucher, seconds=600)
    vouchers.revoke(voucher_id=voucher.id, reason="违规", by=OFFICER, now=city.now)
    with pytest.raises(UnableToActForProgramme):
        quotas.end_quota(
            voucher_id=voucher.id, by=Actor("officer:far", Role.OFFICER, programme="beijing"), now=city.now
        )
    assert quotas.quota(voucher.id).ended_s == 0


def test_units_captured_without_usage_are_found(city, voucher):
    order = ask(city, voucher, seconds=600)
    hold_id = named_id("quota.hold", order.id)
    ledger.require([capture(named_id("test", 2), hold_id, 5, "quota.capture", order.id)], at=city.now)
    assert "a quota's capture is its usage" in {finding.invariant for finding in settlement.audit()}


def test_a_voucher_in_money_has_no_quota(db):
    town = City(text_of("guizhou-2026"), MARCH)
    voucher = town.voucher(town.holder(), "order", town.sample("firm"))
    town.job(voucher)
    assert quotas.quota(voucher.id) == Quota(0, 0, 0, 0, 0)


def test_many_orders_at_once_never_pass_it(fresh_database):
    town = City(quota_text(), MARCH)
    voucher = town.voucher(town.holder(), "order", {**town.sample("firm"), "need": {"card_hours": "2"}})

    def one(_number):
        try:
            return ask(town, voucher, seconds=2000).state
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(one, range(6)))
    assert sorted(states) == ["HELD"] * 3 + ["REFUSED"] * 3
    assert Order.objects.filter(state="HELD").count() == 3
    assert quotas.quota(voucher.id) == Quota(7200, 1200, 6000, 0, 0)
    assert settlement.audit_all().findings == ()


@given(st.integers(1, 10**6), st.integers(0, 10**10))
def test_no_more_is_captured_than_held(held_s, used_unit_ms):
    (line,) = rules.resolve_lines(ORDER_ID, [(0, held_s)], used_unit_ms)
    assert line.amount_fen <= held_s
    assert (line.kind is TransferKind.VOID) == (used_unit_ms == 0)
    assert line.amount_fen * 1000 >= min(used_unit_ms, held_s * 1000)


def test_the_clock_counts_begun_seconds():
    assert rules.held_s(4, 1001) == 8
    assert timedelta(seconds=rules.held_s(1, 3_600_000)) == timedelta(hours=1)

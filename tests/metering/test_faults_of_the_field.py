"""Billing faults of the field, by number: each that lives in metering is impossible here.

The ledger's own (check then record, overdraft, edited audit rows …) are tested with the ledger.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, connections
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.models import TariffVersion
from jiaozi.catalogue.rules import Tariff, Unit, price_fen
from jiaozi.kernel.fen import Rounding
from jiaozi.kernel.period import month
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.metering import queries, rules
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.metering.rules import Quantity
from jiaozi.order.models import Order
from jiaozi.order.rules import Held
from jiaozi.settlement import services as settlement
from jiaozi.settlement.queries.auditing import audit_all
from jiaozi.voucher import services as voucher
from jiaozi.voucher.queries import purse
from tests.metering.test_import import line, load
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR, PROGRAMME


def tariff(rate_ufen=15_000_000, rounding=Rounding.HALF_UP, minimum_fen=0, granularity_ms=1):
    return Tariff(
        id=UUID(int=1),
        centre="c",
        resource_class="cpu-core",
        unit=Unit.CORE_HOUR,
        rate_ufen=rate_ufen,
        valid_from=datetime(2013, 1, 1, tzinfo=UTC),
        version=1,
        rounding=rounding,
        minimum_fen=minimum_fen,
        granularity_ms=granularity_ms,
    )


def plenty(voucher_fen=10**15, own_fen=10**15):
    return Held(order_id=UUID(int=7), voucher_fen=voucher_fen, own_fen=own_fen)


def test_03_job_without_processors_is_never_priced_at_zero(scene):
    row = scene.started()
    scene.engine().records.append(scene.record(row, units=0))
    scene.end(row)
    assert scene.collect().captured == ()
    assert UsageRow.objects.get().reason_code == "UNITS_NOT_POSITIVE"


def test_04_unknown_resource_is_never_free(scene):
    row = scene.started()
    scene.engine().records.append(scene.record(row, resource_class="partition-x"))
    scene.end(row)
    assert scene.collect().captured == ()
    assert UsageRow.objects.get().reason_code == "RESOURCE_DIFFERS"
    load(scene, [line(1)], resource_class="partition-x")
    assert UsageRow.objects.get(record_id="swf:1").reason_code == "RESOURCE_UNKNOWN"


def test_05_record_that_arrives_after_a_later_one_is_charged(scene):
    early, late = scene.started(), scene.started()
    engine = scene.engine()
    hours = timedelta(hours=5)
    engine.records.append(scene.record(late, started_at=scene.now + hours, ended_at=scene.now + 2 * hours))
    scene.end(late)
    scene.collect(now=scene.now + 10 * hours)
    engine.records.append(scene.record(early))
    scene.end(early)
    assert scene.collect().captured == (early.id,)


def test_06_failing_record_is_kept_and_its_neighbours_go_on(scene):
    bad, good = scene.started(), scene.started()
    records = [scene.record(bad, elapsed_ms=-5, ended_at=scene.now), scene.record(good)]
    scene.engine().records += records
    scene.end(bad), scene.end(good)
    assert scene.collect().captured == (good.id,)
    (held,) = queries.held_back(CENTRE)
    assert (held.record_id, held.reason_code) == (records[0].record_id, "ELAPSED_NOT_POSITIVE")


def test_08_no_transaction_is_open_while_an_engine_is_asked(committed):
    scene, seen = committed, []
    scene.ran()
    scene.engine().before_usage = lambda: seen.append(connection.in_atomic_block)
    scene.collect()
    assert seen == [False]


@given(
    st.lists(st.tuples(st.integers(1, 64), st.integers(0, 10**9)), min_size=1, max_size=8),
    st.integers(0, 10**10),
    st.sampled_from(Rounding),
    st.fractions(0, 1),
    st.tuples(st.integers(0, 10**8), st.integers(0, 10**8)),
)
def test_09_parts_always_add_up_and_nothing_passes_the_hold(records, rate, rounding, ratio, held):
    held_voucher, held_own = held
    priced = rules.price_usage(
        tariff(rate, rounding), ratio, plenty(held_voucher, held_own), [Quantity(*each) for each in records]
    )
    assert priced.voucher_fen + priced.own_fen == priced.price_fen
    assert priced.voucher_fen <= held_voucher
    assert priced.own_fen <= held_own
    full = price_fen(tariff(rate, rounding), sum(units * ms for units, ms in records))
    assert priced.price_fen + priced.overrun_fen == full


def test_10_minimum_is_charged_once_an_order():
    records = [Quantity(1, 1_000)] * 50
    assert rules.price_usage(tariff(minimum_fen=100), Fraction(1, 2), plenty(), records).price_fen == 100


def test_12_expired_voucher_pays_for_no_import(scene):
    load(scene, [line(1)], now=scene.now + timedelta(days=400))
    assert UsageRow.objects.get().reason_code == "VOUCHER_EXPIRED"


def test_14_credit_is_not_given_twice_over_the_months_border(scene):
    row = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    june, july = scene.now, scene.now + timedelta(days=30)
    scene.collect(now=july)
    metering.capture(order_id=row.id, now=june)
    months = [
        (june - timedelta(days=1), july - timedelta(days=1)),
        (july - timedelta(days=1), july + timedelta(days=1)),
    ]
    shares = [
        [one.voucher_fen for one in queries.sums_by_shard(centre=CENTRE, programme=PROGRAMME, start=start, end=end)]
        for start, end in months
    ]
    assert shares == [[], [15]]


def test_15_record_at_two_pages_borders_is_one(scene):
    row = scene.started()
    engine = scene.engine()
    engine.page_size = 1
    engine.records += [scene.record(row)] * 3
    scene.end(row)
    collected = scene.collect()
    assert (collected.received.new, collected.received.same) == (1, 2)
    assert Capture.objects.get().price_fen == Order.objects.get().price_fen


def test_16_usage_of_a_period_is_what_was_captured_in_it(scene):
    first = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    scene.collect()
    later = scene.now + timedelta(days=31)
    second = scene.ran(units=2, seconds=7200, elapsed_ms=1_800_000)
    scene.collect(now=later)
    end = later + timedelta(days=1)
    found = queries.captures_between(centre=CENTRE, programme=PROGRAMME, start=later, end=end)
    assert [each.order_id for each in found] == [second.id]
    assert first.id != second.id


def test_17_late_record_is_held_back_for_the_next_statement_and_shown(scene):
    row = scene.ran()
    scene.collect()
    before = ledger.total(PROGRAMME, AccountKind.PAYABLE)
    scene.engine().records.append(scene.record(row, name="-late"))
    scene.collect()
    (held,) = queries.held_back(CENTRE)
    assert (held.reason_code, held.order_id) == ("LATE", row.id)
    assert ledger.total(PROGRAMME, AccountKind.PAYABLE) == before
    assert queries.audit() == []


def test_17_late_record_is_charged_in_the_next_statement_and_the_closed_one_stays(scene):
    row = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    Order.objects.filter(id=row.id).update(ended_at=row.started_at + timedelta(hours=2))  # as both records say
    scene.collect()
    june = closed(month(2023, 6), scene.now + timedelta(days=31))
    late = scene.now + timedelta(days=33)
    record = scene.record(row, name="-late", elapsed_ms=3_600_000)
    metering.receive(centre=CENTRE, records=[record], source="push", now=late)
    (held,) = queries.held_back(CENTRE)
    metering.charge_late(usage_id=held.id, reason="记录迟到", by=OFFICER, now=late)
    july = closed(month(2023, 7), scene.now + timedelta(days=62))
    assert [(each.kind, each.amount_fen) for each in june.lines.all()] == [("CAPTURE", 15)]
    assert [(each.kind, each.amount_fen) for each in july.lines.all()] == [("ADJUSTMENT", 15)]
    assert july.lines.get().capture.corrects_id == row.id
    claimed = {record.record_id: 15}
    settlement.claim(statement_id=july.id, lines=claimed, by=CENTRE_CLERK, now=scene.now + timedelta(days=62))
    matched = settlement.match(statement_id=july.id, by=OPERATOR, now=scene.now + timedelta(days=62))
    assert matched.state == "MATCHED", "claim, metering and ledger agree on it"
    assert audit_all().findings == ()


def closed(period, now):
    return settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OPERATOR, now=now)


def test_18_new_price_changes_nothing_that_was_ordered_before(scene):
    row = scene.started(units=2, seconds=7200)
    old = TariffVersion.objects.get(id=row.tariff_id)
    TariffVersion.objects.filter(id=old.id).update(valid_until=scene.now + timedelta(seconds=1))
    scene.engine().records.append(scene.record(row, elapsed_ms=3_600_000))
    scene.end(row)
    scene.collect(now=scene.now + timedelta(hours=2))
    captured = Capture.objects.get()
    assert (captured.tariff_id, captured.price_fen) == (old.id, 30)


def test_20_limit_is_not_multiplied_by_days(scene):
    """A job of three days is priced by its time once, and stays within one hold."""
    row = scene.ran(units=1, seconds=86_400, elapsed_ms=86_400_000)
    scene.collect()
    row.refresh_from_db()
    assert (row.price_fen, row.overrun_fen) == (360, 0)


def test_21_crash_between_page_and_capture_rates_nothing_twice(scene, monkeypatch):
    row = scene.ran()
    from jiaozi.metering.services import collecting

    def crash(**_words):
        raise RuntimeError("power cut")

    monkeypatch.setattr(collecting, "capture", crash)
    with pytest.raises(RuntimeError):
        scene.collect()
    assert UsageRow.objects.get().state == "RECEIVED"
    monkeypatch.undo()
    assert scene.collect().captured == (row.id,)
    assert scene.collect().captured == ()
    assert queries.audit() == ledger.audit() == []


def test_21_crash_in_the_middle_of_an_import_heals_by_importing_again(scene, monkeypatch):
    from jiaozi.metering.services import importing, posting

    lines = [line(job, run=60) for job in range(30)]
    monkeypatch.setattr(importing, "BATCH_MAX", 20)  # ten records a chunk
    told, tell = [], posting.tell

    def fails_later(*words):
        told.append(words)
        if len(told) == 2:
            raise RuntimeError("power cut")
        tell(*words)

    monkeypatch.setattr(posting, "tell", fails_later)
    with pytest.raises(RuntimeError):
        load(scene, lines)
    assert Capture.objects.count() == 10
    assert queries.audit() == ledger.audit() == []
    monkeypatch.undo()
    again = load(scene, lines)
    assert (again.captured, again.same) == (20, 10)
    assert queries.audit() == ledger.audit() == []


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_22_figures_stay_whole_past_what_a_float_can_hold(units_ms, rate):
    priced = rules.price_usage(tariff(rate, Rounding.DOWN), Fraction(1, 3), plenty(), [Quantity(1, units_ms)])
    exact = units_ms * rate // (3_600_000 * 1_000_000)
    assert priced.price_fen == exact
    assert priced.voucher_fen == exact // 3


def test_24_waiting_is_no_run_time(scene):
    row = scene.started(seconds=7200)
    waited = scene.record(row, elapsed_ms=7_200_000, ended_at=scene.now + timedelta(seconds=60))
    scene.engine().records.append(waited)
    scene.end(row)
    assert scene.collect().captured == ()
    assert UsageRow.objects.get().reason_code == "TIMES_DISAGREE"
    load(scene, [line(1, wait=500_000, run=36)])
    assert UsageRow.objects.get(record_id="swf:1").elapsed_ms == 36_000


def together(*verbs):
    """Run verbs in threads of their own, all let go at once; what one raises is raised here."""
    barrier = Barrier(len(verbs))

    def one(verb):
        try:
            barrier.wait(timeout=30)
            return verb()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(one, verb) for verb in verbs]]


def test_two_workers_capture_an_order_once(committed):
    scene = committed
    rows = [scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000) for _ in range(3)]
    together(*[scene.collect] * 4)
    scene.collect()
    assert Capture.objects.count() == UsageRow.objects.count() == 3
    assert purse(scene.voucher.id).used_fen == sum(Order.objects.get(id=row.id).voucher_fen for row in rows)
    assert queries.audit() == ledger.audit() == []


def test_two_imports_of_one_file_at_once_capture_once(committed):
    scene = committed
    lines = [line(job) for job in range(200)]
    counts = together(*[lambda: load(scene, lines).captured] * 3)
    assert sum(counts) == Capture.objects.count() == 200
    assert queries.audit() == ledger.audit() == []


def test_expiry_and_capture_at_once_lose_nothing(committed):
    scene = committed
    row = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    late = scene.now + timedelta(days=400)
    together(lambda: scene.collect(now=late), lambda: voucher.expire(voucher_id=scene.voucher.id, now=late))
    left = purse(scene.voucher.id)
    row.refresh_from_db()
    assert (left.spendable_fen, left.held_fen, left.used_fen) == (0, 0, row.voucher_fen)
    assert left.ended_fen == scene.voucher.face_fen - row.voucher_fen

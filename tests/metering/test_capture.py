"""From usage to money: read, store, price, split, resolve the hold, release the rest."""

from datetime import timedelta

import pytest

from jiaozi.catalogue.models import Centre
from jiaozi.journal.models import JournalLine
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageDispute, UsageRow
from jiaozi.order import services as order
from jiaozi.order.ports import JobOutcome, UnableToReachEngine
from jiaozi.order.rules import own_account, payable_account
from jiaozi.voucher import services as voucher
from jiaozi.voucher.queries import purse
from tests.world import CENTRE_CLERK, OFFICER, PROGRAMME


def test_captures_what_was_used_and_releases_the_rest(scene):
    # 2 cores × 1 h × 0.15 yuan = 0.30 yuan: 15 fen from the voucher, 15 fen own
    row = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    collected = scene.collect()
    row.refresh_from_db()
    assert collected.captured == (row.id,)
    assert (row.state, row.price_fen, row.voucher_fen, row.own_fen, row.overrun_fen) == ("CAPTURED", 30, 15, 15, 0)
    left = purse(scene.voucher.id)
    assert (left.used_fen, left.held_fen) == (15, 0)
    payable = ledger.balance(payable_account(PROGRAMME, row.centre_id, row.id))
    assert (payable.credits_posted, payable.credits_pending) == (15, 0)
    own = ledger.balance(own_account(PROGRAMME, row.holder_id, row.centre_id))
    assert (own.debits_posted, own.debits_pending) == (15, 0)
    usage = UsageRow.objects.get(order=row)
    captured = Capture.objects.get(order=row)
    assert (usage.state, usage.capture_id, usage.charge_ufen) == ("CAPTURED", captured.id, 30_000_000)
    assert usage.tariff_id == row.tariff_id
    assert queries.audit() == []
    assert ledger.audit() == []


def test_collecting_again_changes_nothing(scene):
    row = scene.ran()
    scene.collect()
    lines, transfers = JournalLine.objects.count(), ledger.total(PROGRAMME, AccountKind.PAYABLE)
    again = scene.collect()
    assert (again.received.new, again.captured) == (0, ())
    metering.capture(order_id=row.id, now=scene.now)
    assert JournalLine.objects.count() == lines
    assert ledger.total(PROGRAMME, AccountKind.PAYABLE) == transfers


def test_running_order_is_not_captured_yet(scene):
    row = scene.started()
    scene.engine().records.append(scene.record(row))
    assert scene.collect().captured == ()
    scene.end(row)
    assert scene.collect().captured == (row.id,)


def test_overrun_is_the_centres(scene):
    row = scene.ran(units=2, seconds=3600, elapsed_ms=10_000_000)
    scene.collect()
    row.refresh_from_db()
    full = 83  # 2 × 10,000 s × 0.15 yuan an hour = 83.33 fen
    assert (row.voucher_fen, row.own_fen) == (row.voucher_hold_fen, row.own_hold_fen)
    assert row.overrun_fen == full - row.most_fen
    line = JournalLine.objects.get(stage="metering", verb="capture")
    assert line.body["reason"] == "overrun"


@pytest.mark.parametrize("outcome", [JobOutcome.CANCELLED, JobOutcome.LOST])
def test_order_that_never_ran_is_released(scene, outcome):
    row = scene.end(scene.started(), ran=False, outcome=outcome)
    assert scene.collect().released == (row.id,)
    row.refresh_from_db()
    assert row.state == ("CANCELLED" if outcome is JobOutcome.CANCELLED else "FAILED")
    assert purse(scene.voucher.id).held_fen == 0


def test_job_that_ran_waits_for_its_usage(scene):
    row = scene.end(scene.started())
    assert scene.collect().released == ()
    row.refresh_from_db()
    assert row.state == "ENDED"
    scene.engine().records.append(scene.record(row))
    assert scene.collect().captured == (row.id,)


def test_nothing_is_released_while_the_engine_is_silent(scene):
    row = scene.end(scene.started(), ran=False)
    scene.engine().reachable = False
    with pytest.raises(UnableToReachEngine):
        scene.collect()
    assert metering.collect_all(now=scene.now) == 0
    row.refresh_from_db()
    assert row.state == "ENDED"


def test_order_that_ends_during_the_reading_waits_for_the_next(scene):
    row = scene.started()
    engine = scene.engine()
    engine.before_usage = lambda: scene.end(row, ran=False)
    assert scene.collect().released == ()
    engine.before_usage = lambda: None
    assert scene.collect().released == (row.id,)


def test_hold_of_an_expired_voucher_follows_it(scene):
    row = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    later = scene.now + timedelta(days=400)
    voucher.expire(voucher_id=scene.voucher.id, now=later)
    lapsed = ledger.total(PROGRAMME, AccountKind.LAPSED).credits_posted
    scene.collect(now=later)
    row.refresh_from_db()
    assert row.state == "CAPTURED"
    released = row.voucher_hold_fen - row.voucher_fen
    assert released > 0
    assert ledger.total(PROGRAMME, AccountKind.LAPSED).credits_posted == lapsed + released
    assert purse(scene.voucher.id).spendable_fen == 0


def test_unused_hold_of_a_revoked_voucher_follows_it(scene):
    row = scene.end(scene.started(), ran=False)
    voucher.revoke(voucher_id=scene.voucher.id, reason="测试", by=OFFICER, now=scene.now)
    scene.collect()
    revoked = ledger.total(PROGRAMME, AccountKind.REVOKED).credits_posted
    assert (revoked, purse(scene.voucher.id).spendable_fen) == (scene.voucher.face_fen, 0)
    row.refresh_from_db()
    assert row.state == "FAILED"


def test_same_key_with_another_payload_is_a_dispute(scene):
    row = scene.ran(elapsed_ms=30_000)
    scene.collect()
    other = scene.record(row, elapsed_ms=40_000)
    for _ in range(2):
        received = metering.receive(centre=row.centre_id, records=[other], source="push", now=scene.now)
    assert (received.new, received.disputes) == (0, 0)
    (dispute,) = queries.disputes(row.centre_id)
    assert (dispute.record_id, dispute.payload["elapsed_ms"]) == (other.record_id, 40_000)
    assert UsageRow.objects.get().elapsed_ms == 30_000
    assert UsageDispute.objects.count() == 1


def test_engine_that_lost_its_past_is_read_from_the_beginning(scene):
    first = scene.ran()
    scene.collect()
    engine = scene.engine()
    engine.epoch = "b"
    second = scene.ran()
    assert scene.collect().captured == (second.id,)
    assert UsageRow.objects.filter(order=first).count() == 1


def test_record_for_an_order_at_another_centre_is_held_back(scene):
    row = scene.started()
    foreign = scene.record(row)
    metering.receive(centre="chengdu-aicc", records=[foreign], source="push", now=scene.now)
    (held,) = queries.held_back("chengdu-aicc")
    assert (held.reason_code, held.order_id, held.account) == ("ORDER_ELSEWHERE", None, str(row.id))
    scene.engine().records.append(foreign)
    scene.end(row)
    assert scene.collect().captured == (row.id,), "another centre can't stand in the way of a capture"


def test_capturing_waits_while_a_record_of_the_order_is_held_back(scene):
    row = scene.started()
    records = [scene.record(row), scene.record(row, name="-2", units=0)]
    scene.engine().records += records
    scene.end(row)
    assert scene.collect().captured == ()
    (held,) = queries.held_back(row.centre_id)
    assert (held.record_id, held.reason_code) == (records[1].record_id, "UNITS_NOT_POSITIVE")
    assert order.engine_of(row.centre) is scene.engine()


def test_pushed_usage_of_an_ended_order_is_captured_at_a_centre_that_nobody_reads(scene):
    row = scene.end(scene.started(units=2, seconds=7200))
    Centre.objects.filter(id=row.centre_id).update(connected=False, engine="")
    later = scene.now + timedelta(hours=4)
    record = scene.record(row, elapsed_ms=3_600_000)
    for same in (0, 1):
        received = metering.push(centre=row.centre_id, records=[record], by=CENTRE_CLERK, now=later)
        assert received.same == same
        row.refresh_from_db()
        assert (row.state, row.price_fen, purse(scene.voucher.id).held_fen) == ("CAPTURED", 30, 0)
    assert queries.audit() == ledger.audit() == []


def test_pushed_usage_of_a_running_order_waits_for_its_end(scene):
    row = scene.started()
    metering.push(centre=row.centre_id, records=[scene.record(row)], by=CENTRE_CLERK, now=scene.now)
    assert not Capture.objects.exists()

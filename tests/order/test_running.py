"""Then work: orders and their jobs, with an engine that fails in every way it may."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from jiaozi.catalogue.models import Centre
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.ledger import queries as ledger
from jiaozi.order import queries, tasks
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, JobState, UnableToReachEngine
from jiaozi.order.rules import State
from jiaozi.order.services import submitting
from jiaozi.voucher import queries as vouchers


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """What waits for the commit happens at once: these tests roll back and never commit."""
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())


def again(row):
    return queries.order(row.id)


def spendable(row):
    return vouchers.purse(row.voucher_id).spendable_fen


def test_submit_hands_over_once(world, engine, held):
    for _ in range(3):
        order.submit(order_id=held.id, now=world.now)
    assert len(engine.submitted) == 1
    assert again(held).engine_job == engine.jobs[held.id].engine_job
    assert engine.submitted[0].time_limit_ms == held.time_limit_ms


def test_a_crash_after_the_engine_took_it_heals_by_asking_again(world, engine, held):
    """The engine has the job, the platform died before it wrote so: the same job is found, none is started twice."""
    order.submit(order_id=held.id, now=world.now)
    row = again(held)
    row.engine_job = ""
    row.save(update_fields=["engine_job"])
    assert order.submit_waiting(now=world.now) == 1
    assert len(engine.submitted) == 1
    assert again(held).engine_job


def test_an_engine_that_refuses_fails_the_order_and_releases_the_hold(world, engine, held):
    engine.refuses = True
    row = order.submit(order_id=held.id, now=world.now)
    assert (row.state, row.reason_en) == (State.FAILED, "past the partition's limit")
    purse = vouchers.purse(held.voucher_id)
    assert (purse.held_fen, purse.spendable_fen) == (0, purse.voucher.face_fen)
    assert not ledger.audit()


def test_an_engine_that_may_run_past_the_hold_gets_nothing(world, engine, held):
    engine.kill_lag_ms = 2001
    row = order.submit(order_id=held.id, now=world.now)
    assert (row.state, row.reason_code, engine.submitted) == (State.FAILED, "HOLD_TOO_SHORT", [])
    assert vouchers.purse(held.voucher_id).held_fen == 0


def test_a_hold_covers_what_was_quoted_not_what_the_catalogue_says_later(world, engine, held):
    """The centre was found to kill later, and the catalogue says so: this order's hold still covers the old lag."""
    Centre.objects.filter(id=held.centre_id).update(kill_lag_ms=9_000)
    engine.kill_lag_ms = 9_000
    row = order.submit(order_id=held.id, now=world.now)
    assert (row.state, row.reason_code, engine.submitted) == (State.FAILED, "HOLD_TOO_SHORT", [])
    assert vouchers.purse(held.voucher_id).held_fen == 0


def test_what_an_engine_says_is_kept_in_a_form_that_can_be_stored(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.end(held.id, world.now, exit_code=1)
    words = Label("磁\0盘" + "满" * 500, "disk\ud800full")
    engine.jobs[held.id] = replace(engine.jobs[held.id], reason=words)
    assert order.watch_all(now=world.now) == 1
    row = again(held)
    assert (row.state, row.reason_en) == (State.ENDED, "disk�full")
    assert row.reason_zh.startswith("磁�盘满")


def test_an_engine_that_cannot_be_reached_keeps_the_hold_and_is_asked_again(world, engine, held):
    """Fault 2 of the field: nothing is believed while there is no answer."""
    engine.unreachable = True
    with pytest.raises(UnableToReachEngine):
        order.submit(order_id=held.id, now=world.now)
    row = again(held)
    assert (row.state, row.reason_code) == (State.SUBMITTED, "DOWN")
    assert row.reason_zh
    assert row.reason_en
    assert order.watch_all(now=world.now) == 0
    assert vouchers.purse(held.voucher_id).held_fen == held.voucher_hold_fen
    engine.unreachable = False
    order.submit_waiting(now=world.now)
    assert len(engine.submitted) == 1
    assert again(held).reason_code == again(held).reason_zh == ""


def test_the_watcher_follows_queue_run_end(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    assert order.watch_all(now=world.now) == 1
    assert again(held).state == State.QUEUED
    engine.put(held.id, JobState.RUNNING, world.now)
    assert order.watch_all(now=world.now) == 1
    assert order.watch_all(now=world.now) == 0
    engine.end(held.id, world.now + timedelta(seconds=5), exit_code=0)
    order.watch_all(now=world.now)
    row = again(held)
    assert (row.state, row.outcome, row.exit_code) == (State.ENDED, JobOutcome.SUCCEEDED, 0)
    assert vouchers.purse(held.voucher_id).held_fen == held.voucher_hold_fen
    verbs = list(JournalLine.objects.filter(subject=held.id).order_by("id").values_list("verb", flat=True))
    assert verbs == ["quote", "hold", "submit", "queue", "run", "end"]


def test_a_running_job_is_cancelled_on_the_engine_and_metered_like_any_other(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.put(held.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    row = order.cancel(order_id=held.id, by=world.applicant(held.holder), now=world.now)
    assert (row.state, row.cancel_asked, engine.cancelled) == (State.RUNNING, True, [held.id])
    assert vouchers.purse(held.voucher_id).held_fen == held.voucher_hold_fen


def test_a_cancel_that_overtakes_the_submission_starts_nothing(world, engine, held):
    engine.unreachable = True
    with pytest.raises(UnableToReachEngine):
        order.submit(order_id=held.id, now=world.now)
    engine.unreachable = False
    order.cancel(order_id=held.id, by=world.applicant(held.holder), now=world.now)
    row = order.submit(order_id=held.id, now=world.now)
    assert (row.state, row.reason_code) == (State.FAILED, "CANCELLED_BEFORE_START")
    assert engine.submitted == []
    assert spendable(held) == vouchers.purse(held.voucher_id).voucher.face_fen


def test_a_cancel_after_a_lost_answer_stops_the_job_instead_of_releasing_its_hold(world, engine, held):
    """The engine took the job and its answer was lost; a hold released now would leave a job unfunded."""
    order.submit(order_id=held.id, now=world.now)
    Order.objects.filter(id=held.id).update(engine_job="")
    order.cancel(order_id=held.id, by=world.applicant(held.holder), now=world.now)
    engine.cancelled.clear()
    row = order.submit(order_id=held.id, now=world.now)
    assert (row.state, engine.cancelled) == (State.SUBMITTED, [held.id])
    assert vouchers.purse(held.voucher_id).held_fen == held.voucher_hold_fen


def test_a_refusal_after_a_lost_answer_stops_the_job_instead_of_releasing_its_hold(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    Order.objects.filter(id=held.id).update(engine_job="")
    engine.kill_lag_ms = 9_000
    row = order.submit(order_id=held.id, now=world.now)
    assert (row.state, engine.cancelled) == (State.SUBMITTED, [held.id])
    assert vouchers.purse(held.voucher_id).held_fen == held.voucher_hold_fen


def test_a_cancel_that_did_not_reach_the_engine_is_asked_again(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.put(held.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    engine.unreachable = True
    with pytest.raises(UnableToReachEngine):
        order.cancel(order_id=held.id, by=world.applicant(held.holder), now=world.now)
    engine.unreachable = False
    order.watch_all(now=world.now)
    assert engine.cancelled == [held.id]


def test_a_job_that_the_engine_does_not_know_yet_is_left_alone(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.jobs.clear()
    assert order.watch_all(now=world.now) == 0
    assert again(held).state == State.SUBMITTED


def test_the_tasks_call_the_verbs(engine, held):
    tasks.submit(order_id=str(held.id))
    engine.put(held.id, JobState.RUNNING, held.quoted_at)
    tasks.watch(timestamp=0)
    assert again(held).state == State.RUNNING


def test_the_first_attempt_is_told_as_one_and_none_after_it(world, engine, held):
    engine.unreachable = True
    for _ in range(2):
        with pytest.raises(UnableToReachEngine):
            order.submit(order_id=held.id, now=world.now)
    engine.unreachable = False
    order.submit(order_id=held.id, now=world.now)
    assert engine.attempts == [True, False, False]


@pytest.mark.parametrize(("set_to", "inside"), [("off", "on"), ("on", "on"), ("remote_apply", "remote_apply")])
def test_the_mark_of_a_first_attempt_is_on_the_disk_before_its_engine_is_asked(
    *, world, engine, held, monkeypatch, set_to, inside
):
    real, seen = submitting.take, []

    def looked(*args, **words):
        seen.append(setting())
        return real(*args, **words)

    def setting():
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return cursor.fetchone()[0]

    monkeypatch.setattr(submitting, "take", looked)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', %s, true)", [set_to])
    order.submit(order_id=held.id, now=world.now)
    assert (seen, engine.attempts) == ([inside], [True])


@pytest.mark.parametrize(
    "changed",
    [
        {"server_began_at": None},
        {"server_began_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"moves": 1},
        {"quoted_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=["older than the mark", "of another server", "placed anew", "old"],
)
def test_where_the_database_may_have_forgotten_an_attempt_it_is_none_first(world, engine, held, changed):
    Order.objects.filter(id=held.id).update(**changed)
    order.submit(order_id=held.id, now=world.now)
    assert engine.attempts == [False]

"""The watcher sets right what platform and engine disagree on, with one status call, and says so in the journal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.catalogue.models import Centre
from jiaozi.journal.models import JournalLine
from jiaozi.ledger import queries as ledger
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.ports import JobOutcome, JobState
from jiaozi.order.rules import State
from jiaozi.order.rules.standing import LET_GO_FOR, LIMIT_GRACE, STUCK_AFTER
from jiaozi.order.services import engines
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries as vouchers
from tests import fake_engine
from tests.world import CENTRE, OPERATOR

OTHER = "chengdu-aicc"
LATER = STUCK_AFTER + timedelta(seconds=1)


def again(row):
    return queries.order(row.id)


def verbs(row):
    return list(JournalLine.objects.filter(subject=row.id).order_by("id").values_list("verb", flat=True))


@pytest.fixture
def running(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.put(held.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    return again(held)


def test_a_running_job_that_its_engine_forgot_is_lost_and_its_hold_stays(world, engine, running):
    engine.jobs.clear()
    order.watch_all(now=world.now)
    assert order.watch_all(now=world.now + STUCK_AFTER / 2) == 0
    assert order.watch_all(now=world.now + LATER) == 1
    row = again(running)
    assert (row.state, row.outcome, row.reason_code) == (State.ENDED, JobOutcome.LOST, "JOB_LOST")
    assert vouchers.purse(row.voucher_id).held_fen == row.voucher_hold_fen
    assert verbs(row)[-2:] == ["miss", "lose"]


def test_a_job_past_its_limit_is_stopped_once_and_asked_until_it_goes(world, engine, running):
    due = world.now + timedelta(milliseconds=running.time_limit_ms + running.kill_lag_ms)
    order.watch_all(now=due + LIMIT_GRACE)
    assert engine.cancelled == []
    for second in range(1, 4):
        order.watch_all(now=due + LIMIT_GRACE + timedelta(seconds=second))
    assert engine.cancelled == [running.id] * 3
    assert verbs(running).count("stop") == 1
    engine.end(running.id, due, JobOutcome.CANCELLED, started_at=world.now)
    order.watch_all(now=due + LATER)
    assert again(running).state == State.ENDED


def test_a_job_that_turns_up_after_its_hold_was_released_is_stopped(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    jobs = dict(engine.jobs)
    engine.jobs.clear()
    order.watch_all(now=world.now)
    order.give_up(order_id=held.id, reason="查无此作业", by=OPERATOR, now=world.now + LATER)
    engine.jobs.update(jobs)
    engine.put(held.id, JobState.RUNNING, world.now)
    for _ in range(2):
        assert order.watch_all(now=world.now + LATER) == 0
    assert engine.cancelled == [held.id, held.id]
    row = again(held)
    assert (row.state, row.stray_at) == (State.FAILED, world.now + LATER)
    assert verbs(held).count("stop_stray") == 1
    engine.end(held.id, world.now + LATER)
    order.watch_all(now=world.now + LATER)
    assert len(engine.cancelled) == 2


def test_a_job_that_turns_up_at_the_place_it_was_moved_from_is_stopped_there(
    world, engine, holder, monkeypatch, settings
):
    own = {CENTRE: fake_engine.FakeEngine(), OTHER: fake_engine.FakeEngine()}
    monkeypatch.setattr(fake_engine, "BY_CENTRE", own)
    settings.JIAOZI_ENGINE_OPTIONS = {"tests.fake_engine": {"centre": "{centre}"}}
    engines._engine.cache_clear()
    world.credit(holder, centre=OTHER)
    row = world.held(world.voucher(holder), units=4, seconds=3600, centre="")
    own[CENTRE].refuses = True
    order.submit(order_id=row.id, now=world.now)
    assert again(row).centre_id == OTHER
    order.submit(order_id=row.id, now=world.now)
    for each in own.values():
        each.put(row.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    assert (own[CENTRE].cancelled, own[OTHER].cancelled) == ([row.id], [])
    assert again(row).state == State.RUNNING
    line = JournalLine.objects.get(subject=row.id, verb="stop_stray")
    assert line.body["centre"] == CENTRE


def test_an_engine_is_asked_about_what_was_let_go_for_a_day(world, engine, held):
    engine.refuses = True
    order.submit(order_id=held.id, now=world.now)
    assert queries.let_go(world.now) == {CENTRE: [held.id]}
    assert queries.let_go(world.now + LET_GO_FOR + timedelta(seconds=1)) == {}


def test_a_cycle_is_one_status_call_and_few_statements_however_many_orders(world, engine, holder):
    """Cost: the same statements for 3 orders as for 30."""
    voucher = world.voucher(holder)

    def cycle(count):
        rows = [world.held(voucher, units=1, seconds=60) for _ in range(count)]
        order.submit_waiting(now=world.now)
        for row in rows:
            engine.put(row.id, JobState.RUNNING, world.now)
        engine.status_calls = 0
        with CaptureQueriesContext(connection) as moving:
            assert order.watch_all(now=world.now) == count
        with CaptureQueriesContext(connection) as still:
            assert order.watch_all(now=world.now) == 0
        assert engine.status_calls == 2
        return len(moving), len(still)

    assert cycle(3) == cycle(30)


def test_many_endings_in_one_cycle_keep_their_own_facts(world, engine, holder):
    voucher = world.voucher(holder)
    rows = [world.held(voucher, units=1, seconds=60) for _ in range(4)]
    order.submit_waiting(now=world.now)
    outcomes = [JobOutcome.SUCCEEDED, JobOutcome.FAILED, JobOutcome.TIMED_OUT, JobOutcome.OUT_OF_MEMORY]
    for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=True)):
        engine.end(row.id, world.now + timedelta(seconds=number), outcome, started_at=world.now, exit_code=number)
    assert order.watch_all(now=world.now + timedelta(minutes=1)) == 4
    found = [again(row) for row in rows]
    assert [(row.outcome, row.exit_code) for row in found] == [(outcome, n) for n, outcome in enumerate(outcomes)]
    assert [(row.ended_at - world.now).seconds for row in found] == [0, 1, 2, 3]
    assert {row.moved_at for row in found} == {world.now + timedelta(minutes=1)}
    assert all(verbs(row)[-1] == "end" for row in rows)
    assert not ledger.audit()


def test_a_disconnected_centre_is_left_in_peace(world, engine, running):
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.watch_all(now=world.now + LATER) == 0
    assert again(running).state == State.RUNNING
    assert settlement.audit_all().findings == ()

"""One order's or one centre's trouble is its own: the others are handed over and followed in the same turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jiaozi.catalogue.models import Centre
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.ports import JobState
from jiaozi.order.rules import State

ELSEWHERE = "chengdu-aicc"


@pytest.fixture
def many(world, engine, holder):
    voucher = world.voucher(holder)
    return [world.held(voucher, units=4, seconds=3600) for _ in range(3)]


def state_of(row):
    return queries.order(row.id).state


def test_an_order_that_breaks_the_engine_is_left_and_the_others_are_handed_over(world, engine, many):
    engine.breaks_at = {many[0].id}
    assert order.submit_waiting(now=world.now) == 3
    assert [spec.order_id for spec in engine.submitted] == [many[1].id, many[2].id]
    engine.breaks_at.clear()
    assert order.submit_waiting(now=world.now) == 1
    assert len(engine.submitted) == 3


def test_a_status_that_cannot_be_stored_is_left_and_the_others_are_followed(world, engine, many):
    order.submit_waiting(now=world.now)
    for row in many:
        engine.put(row.id, JobState.RUNNING, world.now)
    engine.jobs[many[0].id] = replace(engine.jobs[many[0].id], engine_job="j" * 500)
    assert order.watch_all(now=world.now) == 2
    assert [state_of(row) for row in many] == [State.SUBMITTED, State.RUNNING, State.RUNNING]


def test_a_cancel_that_breaks_the_engine_does_not_stop_the_watch(world, engine, many):
    order.submit_waiting(now=world.now)
    for row in many:
        engine.put(row.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    order.cancel(order_id=many[0].id, by=world.applicant(many[0].holder), now=world.now)
    engine.breaks_at = {many[0].id}
    engine.end(many[1].id, world.now + timedelta(seconds=5), exit_code=0)
    assert order.watch_all(now=world.now + timedelta(seconds=6)) == 1
    assert state_of(many[1]) == State.ENDED


@pytest.mark.parametrize("engine_name", ["no-such-engine", "broken"])
def test_a_centre_without_a_usable_engine_stops_no_other(world, engine, many, settings, engine_name):
    settings.JIAOZI_ENGINES = {**settings.JIAOZI_ENGINES, "broken": "tests.no_such_module"}
    assert many[0].centre_id > ELSEWHERE, "the broken centre must come first"
    world.credit(many[0].holder, centre=ELSEWHERE)
    stuck = world.held(many[0].voucher, centre=ELSEWHERE, resource_class="demo-core")
    Centre.objects.filter(id=ELSEWHERE).update(engine=engine_name)
    order.submit_waiting(now=world.now)
    assert len(engine.submitted) == 3
    for row in many:
        engine.put(row.id, JobState.RUNNING, world.now)
    assert order.watch_all(now=world.now) == 3
    assert state_of(stuck) == State.HELD, "nobody runs it, so its holder may cancel it"


def test_a_centre_out_of_reach_is_asked_once_a_turn(world, engine, many):
    engine.unreachable = True
    order.submit_waiting(now=world.now)
    assert engine.asked == 1
    assert [state_of(row) for row in many] == [State.SUBMITTED, State.HELD, State.HELD]

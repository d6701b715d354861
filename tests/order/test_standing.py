"""Orders that stand still: seen with their reason, let go of by a person, and never against the engine's word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.models import Centre
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.metering import services as metering
from jiaozi.metering.services.capturing import release_unused
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import OrderRuling
from jiaozi.order.ports import JobOutcome, JobState, UnableToReachEngine
from jiaozi.order.rules import ON_ENGINE, TRANSITIONS, State
from jiaozi.order.rules.standing import STUCK_AFTER, Answer, Standing, UnableToGiveUp, Verdict, Why, decide, stuck
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme
from jiaozi.voucher import queries as vouchers
from tests.world import CENTRE_CLERK, OFFICER, OPERATOR

LATER = STUCK_AFTER + timedelta(seconds=1)


def again(row):
    return queries.order(row.id)


def held_fen(row):
    return vouchers.purse(row.voucher_id).held_fen


def give_up(row, now, *, by=OPERATOR, reason="查无此作业，中心已书面确认"):
    return order.give_up(order_id=row.id, reason=reason, by=by, now=now)


def seen(now):
    return [(each.order.id, each.why, each.since) for each in _stuck(now)]


def _stuck(now):
    return queries.stuck_orders(now, engines=settings.JIAOZI_ENGINES)


@pytest.fixture
def forgotten(world, engine, held):
    """An order whose engine took its job and knows nothing of it any more."""
    order.submit(order_id=held.id, now=world.now)
    order.watch_all(now=world.now)
    engine.jobs.clear()
    order.watch_all(now=world.now)
    return again(held)


def test_a_forgotten_job_is_seen_since_the_engine_first_missed_it(world, forgotten):
    assert forgotten.missing_since == world.now
    assert seen(world.now + timedelta(minutes=9)) == []
    assert seen(world.now + LATER) == [(forgotten.id, Why.FORGOTTEN, world.now)]
    assert JournalLine.objects.filter(subject=forgotten.id, verb="miss").count() == 1


def test_a_forgotten_job_that_never_ran_gives_its_hold_back(world, forgotten):
    with pytest.raises(UnableToGiveUp, match="10 minutes"):
        give_up(forgotten, world.now + timedelta(minutes=9))
    assert held_fen(forgotten) == forgotten.voucher_hold_fen
    row = give_up(forgotten, world.now + LATER)
    assert (row.state, row.reason_code, held_fen(row)) == (State.FAILED, "GIVEN_UP", 0)
    ruling = OrderRuling.objects.get(order=row)
    assert (ruling.verdict, ruling.by, ruling.reason) == (Verdict.RELEASE, OPERATOR.name, "查无此作业，中心已书面确认")
    line = JournalLine.objects.get(subject=row.id, verb="give_up")
    assert line.by == OPERATOR.name
    assert ruling.reason not in str(line.body), "the journal has the reason's digest only"
    assert not ledger.audit()


def test_a_forgotten_job_that_ran_is_lost_and_its_hold_waits_for_usage_or_a_waiver(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.put(held.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    engine.jobs.clear()
    order.watch_all(now=world.now)
    row = give_up(held, world.now + LATER, by=OFFICER)
    assert (row.state, row.outcome, row.reason_code) == (State.ENDED, JobOutcome.LOST, "JOB_LOST")
    assert held_fen(row) == held.voucher_hold_fen
    assert not release_unused(order_id=row.id, now=world.now + LATER)
    later = world.now + 2 * LATER
    assert seen(later) == [(row.id, Why.USAGE_MISSING, world.now + LATER)]
    metering.waive_usage(order_id=row.id, reason="中心无记录", by=OFFICER, now=later)
    assert (again(row).state, held_fen(row)) == (State.FAILED, 0)


def test_a_job_that_comes_back_is_missing_no_more(world, engine, forgotten):
    engine.put(forgotten.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now + LATER)
    assert again(forgotten).missing_since is None
    assert seen(world.now + 2 * LATER) == []
    with pytest.raises(UnableToGiveUp, match="cancel the order"):
        give_up(forgotten, world.now + 2 * LATER)
    verbs = JournalLine.objects.filter(subject=forgotten.id).order_by("id").values_list("verb", flat=True)
    assert list(verbs)[-3:] == ["miss", "find", "run"]


def test_an_end_that_the_engine_knows_after_all_counts(world, engine, forgotten):
    engine.end(forgotten.id, world.now, exit_code=0)
    row = give_up(forgotten, world.now + LATER)
    assert (row.state, row.outcome) == (State.ENDED, JobOutcome.SUCCEEDED)
    assert held_fen(row) == row.voucher_hold_fen


def test_an_engine_out_of_reach_is_not_spoken_for(world, engine, forgotten):
    engine.unreachable = True
    with pytest.raises(UnableToReachEngine):
        give_up(forgotten, world.now + LATER)
    assert again(forgotten).state in ON_ENGINE
    assert not OrderRuling.objects.exists()


def test_an_order_that_was_never_handed_over_gives_its_hold_back_at_once(world, held):
    Centre.objects.filter(id=held.centre_id).update(connected=False, engine="")
    order.submit_waiting(now=world.now)
    assert seen(world.now + LATER) == [(held.id, Why.NO_ENGINE, world.now)]
    row = give_up(held, world.now + LATER)
    assert (row.state, held_fen(row)) == (State.FAILED, 0)


@pytest.mark.parametrize("change", [{"connected": False, "engine": ""}, {"engine": "gone"}])
def test_a_job_at_a_centre_that_nobody_reaches_may_run_so_its_hold_stays(world, engine, held, change):
    order.submit(order_id=held.id, now=world.now)
    Centre.objects.filter(id=held.centre_id).update(**change)
    assert seen(world.now + LATER) == [(held.id, Why.NO_ENGINE, world.now)]
    row = give_up(held, world.now + LATER)
    assert (row.state, row.reason_code, held_fen(row)) == (State.ENDED, "JOB_LOST", held.voucher_hold_fen)
    assert not release_unused(order_id=row.id, now=world.now + LATER), "it may have run"
    metering.waive_usage(order_id=row.id, reason="中心停业", by=OFFICER, now=world.now + LATER)
    assert held_fen(row) == 0
    assert not ledger.audit()


def test_a_job_past_its_limit_is_seen(world, engine, held):
    order.submit(order_id=held.id, now=world.now)
    engine.put(held.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    due = world.now + timedelta(milliseconds=held.time_limit_ms + held.kill_lag_ms)
    assert seen(due + timedelta(minutes=9)) == []
    assert seen(due + LATER) == [(held.id, Why.PAST_LIMIT, due)]


@pytest.mark.parametrize(
    ("by", "reason", "field"),
    [
        (CENTRE_CLERK, "x", "role"),
        (Actor("auditor:he", Role.AUDITOR), "x", "role"),
        (OFFICER, "  ", "reason"),
        (OFFICER, "长" * 401, "reason"),
        (OFFICER, "a\0b", "reason"),
    ],
)
def test_who_may_not_or_says_nothing_is_named(world, forgotten, by, reason, field):
    with pytest.raises(Refused) as refused:
        give_up(forgotten, world.now + LATER, by=by, reason=reason)
    assert refused.value.reason.field == field
    assert again(forgotten).state in ON_ENGINE


def test_an_officer_of_another_programme_may_not(world, forgotten):
    with pytest.raises(UnableToActForProgramme):
        give_up(forgotten, world.now + LATER, by=Actor("officer:q", Role.OFFICER, programme="qingyang-2024"))


def test_a_closed_order_is_not_given_up(world, held):
    order.cancel(order_id=held.id, by=world.applicant(held.holder), now=world.now)
    with pytest.raises(UnableToGiveUp, match="no job to give up"):
        give_up(held, world.now + LATER)


def test_a_ruling_is_never_edited(world, forgotten):
    give_up(forgotten, world.now + LATER)
    for statement in ("UPDATE order_ruling SET reason = 'x'", "DELETE FROM order_ruling", "TRUNCATE order_ruling"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_list_costs_one_statement(world, forgotten, django_assert_num_queries):
    with CaptureQueriesContext(connection) as asked:
        assert len(_stuck(world.now + LATER)) == 1
    assert len(asked) == 1


NOW = datetime(2026, 11, 25, tzinfo=UTC)
_instants = st.none() | st.integers(0, 3_600).map(lambda s: NOW - timedelta(seconds=s))


@given(
    state=st.sampled_from(list(State)),
    moved=st.integers(0, 3_600),
    missing=_instants,
    started=_instants,
    handed_over=st.booleans(),
    has_engine=st.booleans(),
    said=st.sampled_from(list(Answer)),
)
def test_nothing_is_released_that_may_have_run(state, moved, missing, started, handed_over, has_engine, said):  # noqa: PLR0917
    standing = Standing(
        state=state,
        moved_at=NOW - timedelta(seconds=moved),
        missing_since=missing,
        started_at=started,
        longest_ms=1000,
        handed_over=handed_over,
        has_engine=has_engine,
    )
    try:
        verdict = decide(standing, said, NOW)
    except UnableToGiveUp:
        return
    if verdict is Verdict.RELEASE:
        assert state in (State.HELD, State.STAGING) or (has_engine and said is Answer.UNKNOWN and started is None)
        assert (state, "give_up") in TRANSITIONS
    if verdict is Verdict.LOSE:
        assert (state, "lose") in TRANSITIONS
    sign = stuck(standing, NOW)
    assert sign is None or NOW - sign[1] >= STUCK_AFTER

"""Sessions: opened where an engine can, extended by slices under one voucher, warned of their end, files known."""

from __future__ import annotations

from datetime import UTC, timedelta
from fractions import Fraction
from hashlib import sha256
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.models import Offer as OfferRow
from jiaozi.catalogue.rules import Tariff, Unit, run_price_fen
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.ledger.rules import TransferKind
from jiaozi.metering import services as metering
from jiaozi.order import queries, rules
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import (
    JobOutcome,
    JobState,
    Saved,
    UnableToExtend,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
    UsageRecord,
)
from jiaozi.order.rules import Held, Offer, Quote, Request, Session, Slice, State, UnableToQuote, quota
from jiaozi.order.rules import session as sessions
from jiaozi.order.rules.session import SliceState, UnableToExtendSession, UnableToOpenSession
from jiaozi.order.rules.spending import Per
from jiaozi.order.rules.standing import LIMIT_GRACE, LOST, STUCK_AFTER
from jiaozi.order.services import engines
from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Actor, Grant, Role
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import services as voucher_services
from tests import fake_engine
from tests.fake_engine import TOKEN, Sitting
from tests.web.people import enrol
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR, PROGRAMME

HOUR_MS = 3_600_000
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINAycOXU2JNN9/0t+GapZiqa1ieLmOp6mpDuPzFdSYYM"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """What waits for the commit happens at once: these tests roll back and never commit."""
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())


@pytest.fixture
def engine(monkeypatch, settings):
    fresh = Sitting()
    monkeypatch.setattr(fake_engine, "ENGINE", fresh)
    settings.JIAOZI_ENGINES = {"process": "tests.fake_engine"}
    engines._engine.cache_clear()
    yield fresh
    engines._engine.cache_clear()


def quoted(world, voucher, *, centre=CENTRE, opens="JUPYTERLAB", key="", hours=1):
    request = Request(
        centre=centre, resource_class="cpu-core", units=4, memory_mib=512, time_limit_ms=hours * HOUR_MS, command=(),
        session=Session(opens=opens, authorized_key=key),
    )  # fmt: skip
    by = world.applicant(voucher.holder)
    return order.quote(voucher_id=voucher.id, request=request, title="notebook", by=by, now=world.now)


def started(world, engine, row):
    order.hold(order_id=row.id, by=world.applicant(row.holder), now=world.now)
    order.submit(order_id=row.id, now=world.now)
    engine.put(row.id, JobState.RUNNING, world.now)
    order.watch_all(now=world.now)
    return queries.order(row.id)


@pytest.fixture
def running(world, engine, holder):
    return started(world, engine, quoted(world, world.voucher(holder)))


def more(world, row, *, hours=1, at=timedelta(minutes=1), slice_id=None):
    by = world.applicant(row.holder)
    return order.extend(
        order_id=row.id, slice_id=slice_id or uuid4(), adds_ms=hours * HOUR_MS, by=by, now=world.now + at
    )


def end(world, engine, row, *, elapsed=timedelta(hours=1)):
    at = world.now + elapsed
    engine.end(row.id, at, started_at=world.now)
    engine.records.append(
        UsageRecord(
            record_id=f"fake:{row.id}", order_id=row.id, resource_class="cpu-core", units=4, started_at=world.now,
            ended_at=at, elapsed_ms=int(elapsed.total_seconds() * 1000), outcome=JobOutcome.SUCCEEDED,
        )
    )  # fmt: skip
    order.watch_all(now=at)
    metering.collect_all(now=at)
    return queries.order(row.id)


def test_an_extension_counts_for_the_member_who_ordered_and_is_refused_past_the_limit(world, engine, holder, running):
    """Whoever asks for more time: otherwise a colleague's click would pass the limit."""
    person = enrol("li", world.now)
    chief = Actor("person:chief", Role.APPLICANT, holder.id, administrator=True)
    grant = Grant(role=Role.APPLICANT, since_at=world.now, organisation=holder.id)
    member = party.grant(person=person, grant=grant, by=SYSTEM, now=world.now)
    Order.objects.filter(id=running.id).update(held_by=f"person:{person}")
    words = {"membership_id": member.id, "per": Per.TOTAL, "by": chief, "now": world.now}
    order.set_limit(limit_fen=running.most_fen, **words)
    with pytest.raises(UnableToExtendSession, match=r"0\.00 is left") as refused:
        more(world, running)
    assert refused.value.reason.code == "LIMIT_REACHED"
    assert queries.order(running.id).most_fen == running.most_fen
    order.set_limit(limit_fen=running.most_fen * 3, **words)
    assert more(world, running).state == SliceState.GRANTED
    assert queries.spending_of(holder.id, f"person:{person}", world.now).spent_fen == queries.order(running.id).most_fen


def test_a_member_with_a_limit_extends_no_colleagues_session(world, engine, holder, running):
    """It would count for the colleague who placed it, so the limit of whoever asks would be passed that way."""
    person = enrol("li", world.now)
    grant = Grant(role=Role.APPLICANT, since_at=world.now, organisation=holder.id)
    member = party.grant(person=person, grant=grant, by=SYSTEM, now=world.now)
    chief = Actor("person:chief", Role.APPLICANT, holder.id, administrator=True)
    order.set_limit(membership_id=member.id, per=Per.TOTAL, limit_fen=10**9, by=chief, now=world.now)
    asked = {"order_id": running.id, "adds_ms": HOUR_MS, "by": Actor(f"person:{person}", Role.APPLICANT, holder.id)}
    at = world.now + timedelta(minutes=1)
    for verb, words in ((order.extend, {"slice_id": uuid4()}), (order.extension_price, {})):
        with pytest.raises(UnableToExtendSession, match="you have a spending limit") as refused:
            verb(**asked, **words, now=at)
        assert refused.value.reason.code == "LIMITED"
    assert (queries.order(running.id).most_fen, queries.slice_states(running.id)) == (running.most_fen, [])
    Order.objects.filter(id=running.id).update(held_by=f"person:{person}")
    assert order.extend(**asked, slice_id=uuid4(), now=at).state == SliceState.GRANTED
    Order.objects.filter(id=running.id).update(held_by="person:other")
    order.remove_limit(membership_id=member.id, by=chief, now=world.now)
    assert order.extend(**asked, slice_id=uuid4(), now=at).state == SliceState.GRANTED


def lines(row, verb):
    return list(JournalLine.objects.filter(subject=row.id, verb=verb).order_by("id").values_list("body", flat=True))


def pending(row):
    own = ledger.balance(rules.own_account(PROGRAMME, row.holder_id, row.centre_id))
    return vouchers.purse(row.voucher_id).held_fen, own.debits_pending


def sound():
    return not ledger.audit() and not queries.audit()


def test_a_session_is_ordered_like_a_job_and_handed_over_as_one(world, engine, holder):
    row = started(world, engine, quoted(world, world.voucher(holder), opens="SSH", key=f"{KEY} me@home"))
    (spec,) = engine.submitted
    assert (spec.session.opens, spec.session.authorized_key, row.state) == ("SSH", KEY, State.RUNNING)
    assert row.command == ["jiaozi-session", "ssh"]
    with pytest.raises(UnableToSubmit):
        quoted(world, row.voucher, opens="SSH", key="no key")


def test_a_centre_that_opens_no_sessions_is_refused_or_passed_over_with_the_reason(
    world, engine, holder, monkeypatch, settings
):
    other = "chengdu-aicc"
    world.credit(holder, centre=other)
    voucher = world.voucher(holder)
    monkeypatch.setattr(fake_engine, "BY_CENTRE", {CENTRE: fake_engine.FakeEngine(), other: engine})
    settings.JIAOZI_ENGINE_OPTIONS = {"tests.fake_engine": {"centre": "{centre}"}}
    engines._engine.cache_clear()
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher)
    assert refused.value.reason.code == "SESSION_NOT_OFFERED"
    row = quoted(world, voucher, centre="")
    assert row.centre_id == other
    (passed,) = [each for each in row.placement["options"] if each["centre"] == CENTRE]
    assert passed["reason"]["code"] == "SESSION_NOT_OFFERED"
    engine.sessions = frozenset({"SSH"})
    with pytest.raises(UnableToQuote):
        quoted(world, voucher, centre="")


def test_an_extension_holds_first_then_raises_the_engines_limit(world, engine, running):
    priced = order.extension_price(
        order_id=running.id, adds_ms=HOUR_MS, by=world.applicant(running.holder), now=world.now
    )
    assert pending(running) == (running.voucher_hold_fen, running.own_hold_fen)
    slice_ = more(world, running)
    row = queries.order(running.id)
    assert (slice_.state, slice_.voucher_fen, slice_.own_fen) == (
        SliceState.GRANTED, priced.priced.voucher_fen, priced.priced.own_fen,
    )  # fmt: skip
    assert engine.limits == {row.id: 2 * HOUR_MS}
    whole = quoted(world, row.voucher, hours=2)
    assert (row.time_limit_ms, row.most_fen) == (2 * HOUR_MS, whole.most_fen)
    assert pending(row) == (whole.voucher_hold_fen, whole.own_hold_fen) == (row.voucher_hold_fen, row.own_hold_fen)
    assert sound()


def test_what_was_used_is_captured_over_the_slices_and_the_rest_released(world, engine, running):
    for minute in (1, 2):
        more(world, running, at=timedelta(minutes=minute))
    row = end(world, engine, running, elapsed=timedelta(minutes=90))
    assert row.state == State.CAPTURED
    assert row.price_fen == 4 * 15 * 3 // 2  # 0.15 yuan a core-hour, 4 cores, an hour and a half
    holds = {each.id: each for each in LedgerTransfer.objects.filter(reference=row.id, kind=TransferKind.HOLD)}
    resolved = list(LedgerTransfer.objects.filter(hold_id__in=holds))
    assert len(resolved) == len(holds) == 6
    assert all(each.amount_fen <= holds[each.hold_id].amount_fen for each in resolved)
    taken = sum(each.amount_fen for each in resolved if each.kind == TransferKind.CAPTURE)
    assert taken == row.price_fen
    assert pending(row) == (0, 0)
    assert sound()


def test_use_beyond_all_slices_is_the_centres(world, engine, running):
    more(world, running)
    row = end(world, engine, running, elapsed=timedelta(hours=3))
    assert row.price_fen == row.most_fen
    assert row.overrun_fen == 4 * 15 * 3 - row.most_fen
    assert sound()


def test_an_engine_that_refuses_gives_the_slice_back(world, engine, running):
    engine.refuses_more = True
    before = pending(running)
    slice_ = more(world, running)
    row = queries.order(running.id)
    assert (slice_.state, slice_.reason_en) == (SliceState.REFUSED, "the partition does not allow it")
    assert (row.time_limit_ms, pending(row)) == (HOUR_MS, before)
    engine.refuses_more = False
    assert more(world, running, at=timedelta(minutes=2)).state == SliceState.GRANTED
    assert sound()
    assert end(world, engine, running).state == State.CAPTURED
    assert sound()


def test_without_an_answer_the_slice_waits_and_is_asked_again(world, engine, running):
    engine.unreachable = True
    slice_ = more(world, running)
    assert slice_.state == SliceState.HELD
    with pytest.raises(UnableToExtendSession) as refused:
        more(world, running, at=timedelta(minutes=2))
    assert refused.value.reason.code == "EXTENSION_PENDING"
    engine.unreachable = False
    order.tend_sessions(now=world.now + timedelta(minutes=2))
    slice_.refresh_from_db()
    assert (slice_.state, engine.limits) == (SliceState.GRANTED, {running.id: 2 * HOUR_MS})
    assert sound()


def test_time_that_nobody_granted_is_not_promised_and_the_old_end_is_warned_of(world, engine, running):
    """An answer may take hours or never come: the session then ends at the limit that its engine knows."""
    engine.unreachable = True
    at = world.now + timedelta(minutes=55)
    more(world, running, at=timedelta(minutes=55))
    order.tend_sessions(now=at)
    left = queries.sitting(queries.order(running.id), at).left
    assert (left.ends_at, left.left_ms) == (world.now + timedelta(hours=1), 5 * 60_000)
    (body,) = lines(running, "warn")
    assert (body["minutes"], body["ends_at"]) == (10, left.ends_at.isoformat())
    engine.unreachable = False
    order.tend_sessions(now=at + timedelta(seconds=6))
    assert queries.sitting(queries.order(running.id), at).left.ends_at == world.now + timedelta(hours=2)
    order.tend_sessions(now=world.now + timedelta(minutes=59))
    assert len(lines(running, "warn")) == 1


def test_one_worker_asks_for_a_slice_until_it_is_decided(world, engine, running):
    """Else one takes the hold back on a no while another's question is answered yes: a longer limit without money."""
    engine.unreachable = True
    slice_ = more(world, running)
    engine.unreachable = False
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [slice_.id.int % 2**63])
        order.tend_sessions(now=world.now + timedelta(minutes=2))
        slice_.refresh_from_db()
        assert (slice_.state, engine.limits) == (SliceState.HELD, {})
    order.tend_sessions(now=world.now + timedelta(minutes=2))
    slice_.refresh_from_db()
    assert (slice_.state, engine.limits) == (SliceState.GRANTED, {running.id: 2 * HOUR_MS})


@pytest.mark.parametrize(
    "fault", [UnableToSubmit("REFUSED", "不行", "no"), RuntimeError("a fault of the engine's own")], ids=["no", "fault"]
)
def test_whatever_goes_wrong_after_the_hold_its_asker_gets_the_held_slice(world, engine, running, monkeypatch, fault):
    """A refusal on the page beside money that is held would be a lie."""

    def fails(self, order_id, limit_ms):
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(type(engine), "extend", fails)
        slice_ = more(world, running)
        order.tend_sessions(now=world.now + timedelta(minutes=2))
    slice_.refresh_from_db()
    assert (slice_.state, queries.order(running.id).time_limit_ms) == (SliceState.HELD, 2 * HOUR_MS)
    order.tend_sessions(now=world.now + timedelta(minutes=3))
    slice_.refresh_from_db()
    assert (slice_.state, engine.limits) == (SliceState.GRANTED, {running.id: 2 * HOUR_MS})
    assert sound()


@pytest.mark.parametrize("captured_first", [True, False])
def test_a_session_that_ends_before_its_engine_answered_releases_the_slice_once(world, engine, running, captured_first):
    engine.unreachable = True
    slice_ = more(world, running)
    engine.unreachable = False
    if captured_first:
        assert end(world, engine, running).state == State.CAPTURED
    engine.end(running.id, world.now + timedelta(minutes=30), started_at=world.now)
    order.tend_sessions(now=world.now + timedelta(hours=2))
    slice_.refresh_from_db()
    assert slice_.state == (SliceState.REFUSED if captured_first else SliceState.HELD)
    if not captured_first:
        assert end(world, engine, running).state == State.CAPTURED
        order.tend_sessions(now=world.now + timedelta(hours=2))
        slice_.refresh_from_db()
    assert (slice_.state, slice_.reason_code) == (SliceState.REFUSED, "SESSION_OVER")
    assert pending(running) == (0, 0)
    assert sound()


_OVER = UnableToExtend("SESSION_ENDING", "会话已结束", "the session is over")
_AWAY = UnableToReachEngine("X", "断", "cut off")
_GONE = UnableToFindJob("UNKNOWN", "没有该作业", "no such job")


def lose_the_answer(world, engine, row, monkeypatch):
    """Have the engine raise the limit and its yes get lost."""
    real = type(engine).extend

    def lost(self, order_id, limit_ms):
        real(self, order_id, limit_ms)
        raise _AWAY

    with monkeypatch.context() as away:
        away.setattr(type(engine), "extend", lost)
        slice_ = more(world, row)
    assert (slice_.state, engine.limits) == (SliceState.HELD, {row.id: 2 * HOUR_MS})
    return slice_


def paid(world, row, slice_, minutes):
    """Assert that all used time within the longer limit is paid once, and every hold resolved once."""
    slice_.refresh_from_db()
    row = queries.order(row.id)
    used_fen = min(minutes, 120) * 4 * 15 // 60
    assert (row.state, row.price_fen) == (State.CAPTURED, min(row.most_fen, minutes * 4 * 15 // 60))
    assert row.price_fen >= used_fen
    assert slice_.state == (SliceState.GRANTED if minutes > 60 else SliceState.REFUSED)
    holds = {each.id: each for each in LedgerTransfer.objects.filter(reference=row.id, kind=TransferKind.HOLD)}
    resolved = list(LedgerTransfer.objects.filter(hold_id__in=holds))
    assert sorted(each.hold_id for each in resolved) == sorted(holds)
    assert all(each.amount_fen <= holds[each.hold_id].amount_fen for each in resolved)
    assert sum(each.amount_fen for each in resolved if each.kind == TransferKind.CAPTURE) == row.price_fen
    assert pending(row) == (0, 0)
    assert sound()


@pytest.mark.parametrize("answer", [_OVER, _AWAY, _GONE], ids=["over", "away", "gone"])
@pytest.mark.parametrize("minutes", [30, 90, 180])
@pytest.mark.parametrize("seen_ended", [True, False])
def test_a_lost_yes_never_costs_the_centre_what_the_slice_held(  # noqa: PLR0917 - a table
    world, engine, running, monkeypatch, answer, minutes, seen_ended
):
    slice_ = lose_the_answer(world, engine, running, monkeypatch)
    before, at = pending(running), world.now + timedelta(minutes=minutes)
    engine.end(running.id, at, started_at=world.now)
    if seen_ended:
        order.watch_all(now=at)

    def answers(self, order_id, limit_ms):
        raise answer

    monkeypatch.setattr(type(engine), "extend", answers)
    order.tend_sessions(now=at + timedelta(seconds=6))
    slice_.refresh_from_db()
    assert (slice_.state, pending(running)) == (SliceState.HELD, before)
    end(world, engine, running, elapsed=timedelta(minutes=minutes))
    order.tend_sessions(now=at + timedelta(seconds=12))
    order.tend_sessions(now=at + timedelta(seconds=18))
    assert len(lines(running, "extend_granted") + lines(running, "extend_refused")) == 1
    paid(world, running, slice_, minutes)


@pytest.mark.parametrize("answer", [_OVER, _AWAY, None], ids=["over", "away", "yes"])
@pytest.mark.parametrize("minutes", [61, 90, 180])
def test_a_capture_while_the_engine_is_asked_is_not_undone_by_its_answer(
    *, world, engine, running, monkeypatch, answer, minutes
):
    slice_ = lose_the_answer(world, engine, running, monkeypatch)
    at = world.now + timedelta(minutes=minutes)

    def captured_meanwhile(self, order_id, limit_ms):
        assert end(world, engine, running, elapsed=timedelta(minutes=minutes)).state == State.CAPTURED
        if answer:
            raise answer

    monkeypatch.setattr(type(engine), "extend", captured_meanwhile)
    order.tend_sessions(now=at)
    order.tend_sessions(now=at + timedelta(seconds=6))
    paid(world, running, slice_, minutes)


def test_a_session_that_was_lost_keeps_an_unanswered_slice_until_its_usage_is_waived(
    world, engine, running, monkeypatch
):
    slice_ = lose_the_answer(world, engine, running, monkeypatch)
    engine.jobs.clear()
    order.watch_all(now=world.now + timedelta(minutes=2))
    order.watch_all(now=world.now + timedelta(minutes=3) + STUCK_AFTER)
    later = world.now + timedelta(hours=3)
    order.tend_sessions(now=later)
    slice_.refresh_from_db()
    assert (slice_.state, queries.slices_under_way(later)) == (SliceState.HELD, [])
    metering.waive_usage(order_id=running.id, reason="查无此作业", by=OFFICER, now=later)
    order.tend_sessions(now=later)
    slice_.refresh_from_db()
    assert (slice_.state, pending(running)) == (SliceState.REFUSED, (0, 0))
    assert sound()


def test_the_same_id_is_one_extension_and_another_payload_is_refused(world, engine, running):
    slice_id = uuid4()
    first, again = (more(world, running, slice_id=slice_id) for _ in range(2))
    assert first.id == again.id
    assert queries.order(running.id).time_limit_ms == 2 * HOUR_MS
    with pytest.raises(UnableToExtendSession) as refused:
        more(world, running, hours=2, slice_id=slice_id)
    assert refused.value.reason.code == "ID_USED"


def _freeze(world, row):
    voucher_services.freeze(voucher_id=row.voucher_id, reason="检查", by=OFFICER, now=world.now)


@pytest.mark.parametrize(
    ("change", "hours", "at", "code"),
    [
        (lambda world, row: None, 0, timedelta(minutes=1), "NOTHING_ADDED"),
        (lambda world, row: None, 10**5, timedelta(minutes=1), "PAST_OFFER"),
        (lambda world, row: OfferRow.objects.filter(centre_id=CENTRE).delete(), 1, timedelta(minutes=1), "PAST_OFFER"),
        (lambda world, row: None, 1, timedelta(minutes=59, seconds=56), "TOO_LATE"),
        (_freeze, 1, timedelta(minutes=1), "VOUCHER_NOT_ACTIVE"),
    ],
)
def test_what_stands_in_the_way_of_an_extension_is_said_and_nothing_is_held(  # noqa: PLR0917 - a table
    world, engine, running, change, hours, at, code
):
    change(world, running)
    before = pending(running)
    with pytest.raises(Refused) as refused:
        more(world, running, hours=hours, at=at)
    assert refused.value.reason.code == code
    assert (pending(running), queries.order(running.id).time_limit_ms) == (before, HOUR_MS)
    assert not running.slices.exists()
    assert sound()


def test_short_of_money_the_reason_has_the_figures(world, engine, holder):
    row = started(world, engine, quoted(world, world.voucher(holder, "1.4元")))
    with pytest.raises(UnableToExtendSession) as voucher_short:
        more(world, row, hours=2)
    assert voucher_short.value.reason.code == "VOUCHER_SHORT"
    assert sound()


def test_a_batch_job_and_one_that_does_not_run_are_not_extended(world, engine, holder):
    voucher = world.voucher(holder)
    waiting = quoted(world, voucher)
    batch = world.held(voucher)
    for row, code in ((waiting, "NOT_RUNNING"), (batch, "NOT_A_SESSION")):
        with pytest.raises(UnableToExtendSession) as refused:
            more(world, row)
        assert refused.value.reason.code == code


def test_the_watcher_leaves_an_extended_session_and_stops_one_past_its_new_limit(world, engine, running):
    more(world, running)
    order.watch_all(now=world.now + timedelta(hours=1, minutes=30))
    assert not engine.cancelled
    order.watch_all(now=world.now + timedelta(hours=2, seconds=3) + LIMIT_GRACE)
    assert engine.cancelled == [running.id]


def test_a_lost_session_keeps_every_slice_held_until_somebody_waives_its_usage(world, engine, running):
    more(world, running)
    before = pending(running)
    engine.jobs.clear()
    order.watch_all(now=world.now + timedelta(minutes=2))
    order.watch_all(now=world.now + timedelta(minutes=3) + STUCK_AFTER)
    row = queries.order(running.id)
    assert (row.state, row.reason_code, pending(row)) == (State.ENDED, LOST, before)
    metering.waive_usage(order_id=row.id, reason="查无此作业", by=OFFICER, now=world.now + timedelta(hours=3))
    assert pending(row) == (0, 0)
    assert sound()


def test_a_holder_is_warned_once_at_each_step_and_anew_after_an_extension(world, engine, running):
    def tend(minutes):
        order.tend_sessions(now=world.now + timedelta(minutes=minutes))

    for minutes in (40, 51, 52, 58.5, 59):
        tend(minutes)
    assert [each["minutes"] for each in lines(running, "warn")] == [10, 2]
    more(world, running, at=timedelta(minutes=59, seconds=30))
    tend(60)
    assert len(lines(running, "warn")) == 2
    tend(111)
    assert [each["minutes"] for each in lines(running, "warn")] == [10, 2, 10]


def test_what_a_session_saved_is_written_down_and_given_to_its_holder(world, engine, running):
    digest = sha256(b"bytes").hexdigest()
    engine.kept = Saved(name="saved.tar.gz", size=5, sha256=digest)
    end(world, engine, running)
    order.tend_sessions(now=world.now + timedelta(hours=1))
    order.tend_sessions(now=world.now + timedelta(hours=1))
    (body,) = lines(running, "save")
    assert (body["bytes"], body["sha256"]) == (5, digest)
    name, size, content = order.saved_files(order_id=running.id, by=world.applicant(running.holder))
    assert (name, size, b"".join(content)) == ("saved.tar.gz", 5, b"bytes")
    with pytest.raises(UnableToOpenSession):
        order.saved_files(order_id=running.id, by=CENTRE_CLERK)


@pytest.mark.parametrize("pieces", [(b"other",), (b"", b"by", b"tez"), ()])
def test_files_that_are_not_what_was_written_down_are_never_given_whole(world, engine, running, monkeypatch, pieces):
    """Whatever the centre tells later: the order's own record stands."""
    engine.kept = Saved(name="saved.tar.gz", size=5, sha256=sha256(b"bytes").hexdigest())
    end(world, engine, running)
    order.tend_sessions(now=world.now + timedelta(hours=1))
    monkeypatch.setattr(engine, "read_saved", lambda _: iter(pieces))
    _, _, content = order.saved_files(order_id=running.id, by=world.applicant(running.holder))
    given = []
    with pytest.raises(UnableToReachEngine) as refused:
        given.extend(content)
    assert refused.value.reason.code == "SAVED_CHANGED"
    assert len(b"".join(given)) < len(b"".join(pieces)) or not pieces


def test_what_stays_at_its_centre_is_named_by_its_path_and_not_given(world, engine, running):
    place = f"/{'shared/' * 40}jiaozi-{running.id}.saved.tar.gz"
    engine.kept = Saved(name=place, size=5, sha256="ab" * 32)
    end(world, engine, running)
    order.tend_sessions(now=world.now + timedelta(hours=1))
    (body,) = lines(running, "save")
    assert body["name"] == place
    with pytest.raises(UnableToOpenSession, match="take it there") as refused:
        order.saved_files(order_id=running.id, by=world.applicant(running.holder))
    assert (refused.value.reason.code, place in str(refused.value)) == ("SAVED_AT_CENTRE", True)


def test_a_session_that_never_ran_or_saved_nothing_is_not_asked_about_for_ever(world, engine, running):
    end(world, engine, running)
    order.tend_sessions(now=world.now + timedelta(hours=2))
    assert queries.sessions_to_keep() == [running.id]
    order.tend_sessions(now=world.now + timedelta(hours=26))
    assert queries.sessions_to_keep() == []
    assert lines(running, "save_nothing") == [{}]


def test_a_session_that_its_engine_knows_no_more_is_not_looked_for_for_ever(
    world, engine, running, monkeypatch, capsys
):
    end(world, engine, running)

    def unknown(self, order_id):
        raise _GONE

    monkeypatch.setattr(type(engine), "saved", unknown)
    order.tend_sessions(now=world.now + timedelta(hours=2))
    assert queries.sessions_to_keep() == [running.id]
    order.tend_sessions(now=world.now + timedelta(hours=26))
    assert queries.sessions_to_keep() == []
    assert lines(running, "save_nothing") == [{}]
    assert "order left for the next turn" not in capsys.readouterr().out


def test_the_way_in_is_the_holders_alone_and_nowhere_kept(world, engine, running):
    assert order.access(order_id=running.id, by=world.applicant(running.holder)).token == TOKEN
    stranger = Actor("applicant:other", Role.APPLICANT, uuid4())
    for by in (CENTRE_CLERK, OPERATOR, OFFICER, stranger):
        with pytest.raises(UnableToOpenSession) as refused:
            order.access(order_id=running.id, by=by)
        assert refused.value.reason.code == "NOT_YOURS"
    assert not any(TOKEN in str(body) for body in JournalLine.objects.values_list("body", flat=True))
    end(world, engine, running)
    with pytest.raises(UnableToOpenSession):
        order.access(order_id=running.id, by=world.applicant(running.holder))


def test_an_engine_out_of_reach_is_said(world, engine, running):
    engine.unreachable = True
    engine.access = engine._reached
    with pytest.raises(UnableToReachEngine):
        order.access(order_id=running.id, by=world.applicant(running.holder))


# ---- the money, for any prices, shares and extensions

_TARIFF = {"id": uuid4(), "centre": "c", "resource_class": "r", "unit": Unit.CORE_HOUR, "version": 1}


@given(
    rate=st.integers(1, 10**10),
    share=st.fractions(0, 1, max_denominator=1_000),
    units=st.integers(1, 64),
    step=st.sampled_from([1, 1_000, 60_000]),
    limits=st.lists(st.integers(1, 10 * HOUR_MS), min_size=1, max_size=6),
    used_percent=st.integers(0, 150),
    now=st.datetimes(timezones=st.just(UTC)),
)
def test_slices_are_together_what_the_whole_time_costs_and_no_capture_passes_one(  # noqa: PLR0917 - drawn
    rate, share, units, step, limits, used_percent, now
):
    tariff = Tariff(**_TARIFF, rate_ufen=rate, valid_from=now)
    offer = Offer(units_max=64, time_limit_max_ms=10**9, granularity_ms=step, kill_lag_ms=500)

    def whole(limit_ms):
        request = Request(
            centre="c", resource_class="r", units=units, memory_mib=1, time_limit_ms=limit_ms, command=("s",)
        )
        return rules.quote(tariff, Fraction(share), request, offer)

    total_ms, first, held, slices = limits[0], whole(limits[0]), whole(limits[0]), []
    for number, adds_ms in enumerate(limits[1:], start=1):
        request = Request(
            centre="c", resource_class="r", units=units, memory_mib=1, time_limit_ms=total_ms + adds_ms, command=("s",)
        )
        standing = sessions.Running(
            state=State.RUNNING, is_session=True, cancel_asked=False, started_at=now, time_limit_ms=total_ms,
            granularity_ms=step, kill_lag_ms=500, grace_ms=0, tariff=tariff, share=Fraction(share), held=held,
            slices=number - 1, pending=False,
        )  # fmt: skip
        priced = sessions.extension(standing, request, offer, now)
        assert min(priced.most_fen, priced.voucher_fen, priced.own_fen) >= 0
        assert priced.most_fen == priced.voucher_fen + priced.own_fen
        slices.append(Slice(number=number, voucher_fen=priced.voucher_fen, own_fen=priced.own_fen, cap_keys=("k",)))
        total_ms += adds_ms
        held = Quote(
            most_fen=held.most_fen + priced.most_fen,
            voucher_fen=held.voucher_fen + priced.voucher_fen,
            own_fen=held.own_fen + priced.own_fen,
        )
        assert held == whole(total_ms)
    elapsed_ms = total_ms * used_percent // 100
    price_fen = min(held.most_fen, run_price_fen(tariff, units=units, elapsed_ms=elapsed_ms) if elapsed_ms else 0)
    voucher_fen = min(held.voucher_fen, rules.voucher_share(price_fen, Fraction(share)))
    own_fen = min(held.own_fen, price_fen - voucher_fen)
    order_id = uuid4()
    all_of_it = Held(
        order_id=order_id, voucher_fen=held.voucher_fen, own_fen=held.own_fen, cap_keys=("k",), more=tuple(slices)
    )
    most = {rules.hold_id(order_id, part, 0, each.number): fen for each in all_of_it.slices for part, fen in each.parts}
    resolved = rules.resolve_lines(all_of_it, voucher_fen, own_fen)
    assert {line.hold_id for line in resolved} == set(most)
    assert len({line.id for line in resolved}) == len(resolved)
    assert all(line.amount_fen <= most[line.hold_id] for line in resolved)
    parts = {rules.hold_id(order_id, part, 0, each.number): part for each in all_of_it.slices for part, _ in each.parts}
    for part, due in (("voucher", voucher_fen), ("k", voucher_fen), ("own", own_fen)):
        assert sum(line.amount_fen for line in resolved if parts[line.hold_id] == part) == due
    assert first.most_fen == all_of_it.slices[0].voucher_fen + all_of_it.slices[0].own_fen


def test_more_than_all_slices_hold_reaches_the_ledger_which_refuses_it():
    held = Held(order_id=uuid4(), voucher_fen=30, own_fen=0, more=(Slice(number=1, voucher_fen=20, own_fen=0),))
    assert [line.amount_fen for line in rules.resolve_lines(held, 31, 0)] == [11, 20]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.integers(0, 10**10))
def test_card_seconds_are_captured_over_the_slices(held_s, used_unit_ms):
    taken = quota.resolve_lines(uuid4(), list(enumerate(held_s)), used_unit_ms)
    assert sum(line.amount_fen for line in taken) == min(sum(held_s), -(-used_unit_ms // 1000))
    assert all(line.amount_fen <= most for line, most in zip(taken, held_s, strict=True))


@given(
    st.integers(0, 10 * HOUR_MS),
    st.integers(1, 5 * HOUR_MS),
    st.datetimes(timezones=st.just(UTC)),
)
def test_time_and_money_left_never_fall_below_nothing(elapsed_ms, limit_ms, now):
    tariff = Tariff(**_TARIFF, rate_ufen=15_000_000, valid_from=now)
    most_fen = run_price_fen(tariff, units=4, elapsed_ms=limit_ms)
    found = sessions.left(
        tariff=tariff, units=4, started_at=now - timedelta(milliseconds=elapsed_ms), time_limit_ms=limit_ms,
        most_fen=most_fen, now=now,
    )  # fmt: skip
    assert found.left_ms == max(0, limit_ms - elapsed_ms)
    assert found.spent_fen + found.left_fen == most_fen
    assert min(found.spent_fen, found.left_fen) >= 0

"""Then work: hand a funded order to its engine, once, whatever fails in between.

No transaction is open while an engine is asked. ``submit`` first says in the database that the order is being handed
over, then asks the engine, which is idempotent by order id; so a crash in between heals by asking again. Whether that
mark was there before is what tells the engine if this is the first attempt, at which it need not look for a job.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import (
    Engine,
    JobSpec,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
    carries_data,
    longest_run_ms,
)
from jiaozi.order.rules import State
from jiaozi.order.rules.attempt import is_first_attempt
from jiaozi.order.rules.staging import no_landing
from jiaozi.order.services.apart import alone, centre_apart, order_apart
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.funding import release
from jiaozi.order.services.moving import re_place
from jiaozi.order.services.spec import spec_of
from jiaozi.order.services.step import say, take, unsay
from jiaozi.party.rules import SYSTEM

_DOUBT_AFTER = timedelta(seconds=10)
_CANCELLED = Reason("CANCELLED_BEFORE_START", Label("启动前已取消", "cancelled before it started"))


def submit(*, order_id: UUID, now: datetime) -> Order:
    """Hand a funded order to its centre's engine; safe to repeat, and one caller at a time.

    An engine that refuses the job fails the order and releases its hold, unless dispatch has another place for it; one
    that can't be reached leaves the order SUBMITTED, to be asked again. A hold is released or moved only once the
    engine is known not to have the job.

    Raises
    ------
    UnableToReachEngine
        When there was no answer; the order says why it waits.
    """
    with alone(order_id) as mine:
        if not mine:
            return queries.order(order_id)
        try:
            return _submit(order_id, now)
        except UnableToReachEngine as away:
            _say_why_it_waits(order_id, away.reason)
            raise


def _submit(order_id: UUID, now: datetime) -> Order:
    _knock(queries.order(order_id), now)
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        first = _is_first(row, now)
        if row.state == State.HELD:
            _commit_to_disk()
            take(row, "submit", by=SYSTEM, now=now, body={"centre": row.centre_id})
        elif row.state != State.SUBMITTED or row.engine_job:
            return row
    return _withdraw(row, now) if row.cancel_asked else _hand_over(row, now, first_attempt=first)


def _is_first(row: Order, now: datetime) -> bool:
    """Say whether no engine was ever asked to take a locked order; the mark is on the disk before one is."""
    return is_first_attempt(
        state=State(row.state),
        moves=row.moves,
        quoted_at=row.quoted_at,
        quoted_under=row.server_began_at,
        server_began_at=queries.server_began_at(),
        now=now,
    )


def _commit_to_disk() -> None:
    """Have this transaction on the disk once it is committed, also on a server that was told to answer before that.

    A backend that crashes takes the last commits of such a server with it, and the server's begin stays the same. One
    that waits for more than its own disk goes on to do so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
        )


def _say_why_it_waits(order_id: UUID, reason: Reason) -> None:
    """Put the reason on an order that its engine did not take yet; it goes when one does."""
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        if row.state in (State.HELD, State.SUBMITTED) and row.reason_code != reason.code:
            row.save(update_fields=say(row, reason))


def _knock(row: Order, now: datetime) -> None:
    """Leave an order HELD where nobody runs jobs, or a centre that left another unanswered is still away.

    Until an engine was asked to take it, its holder may cancel it and dispatch may place it anew.
    """
    if row.state != State.HELD:
        return
    engine = engine_of(row.centre)
    if queries.is_doubtful(row.centre_id, row.id, now - _DOUBT_AFTER):
        engine.status([row.id])


def _hand_over(row: Order, now: datetime, *, first_attempt: bool) -> Order:
    engine = engine_of(row.centre)
    try:
        check_cover(row, engine)
        spec = spec_of(row)
        _check_carries(spec, engine)
        job = engine.submit(spec, first_attempt=first_attempt)
    except UnableToSubmit as refused:
        return _withdraw(row, now, refused.reason)
    row = _note_job(row, job.engine_job)
    if row.cancel_asked:
        with suppress(UnableToFindJob):
            engine.cancel(row.id)
    return row


def check_cover(row: Order, engine: Engine) -> None:
    """Start nothing on an engine that may run longer than the hold covers, whatever the catalogue says by now."""
    covered_ms = longest_run_ms(row.time_limit_ms, row.engine_granularity_ms, row.kill_lag_ms)
    possible_ms = longest_run_ms(row.time_limit_ms, engine.granularity_ms, engine.kill_lag_ms)
    if possible_ms > covered_ms:
        raise UnableToSubmit(
            "HOLD_TOO_SHORT",
            f"引擎最长可运行{possible_ms}毫秒，冻结只覆盖{covered_ms}毫秒；请核对资源目录中的粒度与停止延迟后重新下单",
            f"the engine may run the job for {possible_ms} ms, the hold covers {covered_ms} ms: "
            "put the engine's granularity and kill lag into the catalogue and order again",
            field="time_limit_ms",
        )


def _check_carries(spec: JobSpec, engine: Engine) -> None:
    """Start no job without its data: an engine that carries none would run it on nothing."""
    if (spec.inputs or spec.outputs) and not carries_data(engine):
        reason = no_landing()
        raise UnableToSubmit(reason.code, reason.label.zh, reason.label.en, field=reason.field)


def _withdraw(row: Order, now: datetime, reason: Reason = _CANCELLED) -> Order:
    """End an order that no engine is to run; an earlier call, its answer lost, may have reached one all the same."""
    engine = engine_of(row.centre)
    known = engine.status([row.id]).get(row.id)
    if known is not None:
        engine.cancel(row.id)
        return _note_job(row, known.engine_job)
    if re_place(order_id=row.id, why=reason, now=now):
        return queries.order(row.id)
    with transaction.atomic():
        return _fail(queries.order(row.id, lock=True), reason, now)


def _note_job(row: Order, engine_job: str) -> Order:
    with transaction.atomic():
        row = queries.order(row.id, lock=True)
        row.engine_job = engine_job
        row.save(update_fields=["engine_job", *unsay(row)])
    return row


def _fail(row: Order, reason: Reason, now: datetime) -> Order:
    take(row, "fail", by=SYSTEM, now=now, body={"reason": reason.code}, changed=say(row, reason))
    release(row, now)
    return row


def submit_waiting(*, now: datetime) -> int:
    """Hand over whatever is funded and not handed over yet; gives how many waited.

    What fails is asked again next time. A centre that can't be reached is left at its first order, so that its silence
    costs the others one wait and not a thousand.
    """
    count = 0
    for centre in queries.centres_to_submit_to():
        waiting = queries.waiting_for_submit(centre)
        count += len(waiting)
        with centre_apart(centre):
            for order_id in waiting:
                with order_apart(order_id):
                    submit(order_id=order_id, now=now)
    return count

"""Following jobs: one status call a centre, and every order brought to where its job is, until it has ended."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.kernel.refusal import Reason
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import JobState, JobStatus, UnableToFindJob
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.order.services.apart import centre_apart, order_apart
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.step import say, take
from jiaozi.party.rules import SYSTEM


def watch_all(*, now: datetime) -> int:
    """Follow every centre's jobs; gives how many orders moved. What goes wrong at one centre is its own."""
    moved = 0
    for centre in queries.centres_at_work():
        with centre_apart(centre):
            moved += watch(centre=centre, now=now)
    return moved


def watch(*, centre: str, now: datetime) -> int:
    """Follow a centre's jobs with one status call; gives how many orders moved.

    An order that can't be brought on is logged and tried again next time, the others go on.

    Raises
    ------
    UnableToReachEngine
        When there was no answer; nothing is believed then.
    """
    order_ids = queries.on_engine(centre)
    if not order_ids:
        return 0
    engine = engine_of(catalogue.centre(centre))
    for order_id in queries.to_be_cancelled(centre):  # the first asking may not have reached the engine
        with order_apart(order_id), suppress(UnableToFindJob):
            engine.cancel(order_id)
    statuses = engine.status(order_ids)
    moved = 0
    for order_id in order_ids:
        if order_id in statuses:
            with order_apart(order_id):
                moved += _follow(order_id, statuses[order_id], now)
    return moved


_VERBS = {JobState.QUEUED: ("queue", State.QUEUED), JobState.RUNNING: ("run", State.RUNNING)}


def _follow(order_id: UUID, status: JobStatus, now: datetime) -> bool:
    """Bring one order to where its job is."""
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        if row.state not in ON_ENGINE:
            return False
        if status.state is JobState.ENDED:
            return _end(row, status, now)
        verb, after = _VERBS[status.state]
        if row.state == after or (row.state == State.RUNNING and after == State.QUEUED):
            return False
        row.engine_job, row.started_at = status.engine_job, status.started_at
        take(row, verb, by=SYSTEM, now=now, body={"job": status.engine_job}, changed=("engine_job", "started_at"))
    return True


def _end(row: Order, status: JobStatus, now: datetime) -> bool:
    row.engine_job = status.engine_job
    row.outcome = status.outcome or ""
    row.exit_code = status.exit_code
    row.started_at, row.ended_at = status.started_at, status.ended_at
    changed: tuple[str, ...] = ("engine_job", "outcome", "exit_code", "started_at", "ended_at")
    if status.reason is not None:
        changed += say(row, Reason(str(status.outcome), status.reason))
    body = {"outcome": row.outcome, "ran": row.started_at is not None}
    take(row, "end", by=SYSTEM, now=now, body=body, changed=changed)
    return True

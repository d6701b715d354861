"""Following jobs: one status call a centre, and every order brought to where its job is, until it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.refusal import Reason
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import JobState, JobStatus, UnableToFindJob
from jiaozi.order.queries import Followed
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.order.rules.standing import STUCK_AFTER, Why
from jiaozi.order.services.apart import centre_apart, order_apart
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.moving import re_place
from jiaozi.order.services.step import say, take
from jiaozi.party.rules import SYSTEM

_FORGOTTEN = Reason(Why.FORGOTTEN, Why.FORGOTTEN.label)


def watch_all(*, now: datetime) -> int:
    """Follow every centre's jobs; gives how many orders moved. What goes wrong at one centre is its own."""
    moved = 0
    for centre in queries.centres_at_work():
        with centre_apart(centre):
            moved += watch(centre=centre, now=now)
    return moved


def watch(*, centre: str, now: datetime) -> int:
    """Follow a centre's jobs with one status call; gives how many orders moved.

    An order that can't be brought on is logged and tried again next time, the others go on. One whose job has not
    changed costs nothing but its place in the call.

    Raises
    ------
    UnableToReachEngine
        When there was no answer; nothing is believed then.
    """
    moved, page = 0, queries.on_engine(centre)
    while page:
        moved += _watch_page(centre, page, now)
        page = queries.on_engine(centre, after=page[-1].id) if len(page) == queries.WATCHED_MAX else []
    return moved


def _watch_page(centre: str, page: list[Followed], now: datetime) -> int:
    engine = engine_of(catalogue.centre(centre))
    for order in page:
        if order.cancel_asked and order.engine_job:  # the first asking may not have reached the engine
            with order_apart(order.id), suppress(UnableToFindJob):
                engine.cancel(order.id)
    statuses = engine.status([order.id for order in page])
    _note_missing(page, statuses, now)
    moved = 0
    for order in page:
        status = statuses.get(order.id)
        if status is None and _is_forgotten(order, now):
            with order_apart(order.id):
                moved += re_place(order_id=order.id, why=_FORGOTTEN, now=now)
        if status is not None and _has_moved(order.state, status):
            with order_apart(order.id):
                moved += _follow(order.id, centre, status, now)
    return moved


def _is_forgotten(order: Followed, now: datetime) -> bool:
    """Say whether an engine that answers has not known a job for so long that it never will."""
    since = order.missing_since
    return since is not None and now - since >= STUCK_AFTER and order.state is not State.RUNNING


def _note_missing(page: list[Followed], statuses: Mapping[UUID, JobStatus], now: datetime) -> None:
    """Write down which jobs the engine began not to know, and which it knows again."""
    asked = {
        "miss": [each.id for each in page if each.engine_job and not each.missing_since and each.id not in statuses],
        "find": [each.id for each in page if each.missing_since and each.id in statuses],
    }
    for verb, order_ids in asked.items():
        if order_ids:
            with transaction.atomic():
                rows = queries.locked(order_ids)
                for row in rows:
                    row.missing_since = now if verb == "miss" else None
                Order.objects.bulk_update(rows, ["missing_since"], batch_size=1_000)
                journal.write_many(Line("order", verb, row.id, row.state, row.state, SYSTEM.name, now) for row in rows)


_VERBS = {JobState.QUEUED: ("queue", State.QUEUED), JobState.RUNNING: ("run", State.RUNNING)}


def _has_moved(state: State, status: JobStatus) -> bool:
    """Say whether a job's status calls for a step; a job never goes back from running to waiting."""
    if status.state is JobState.ENDED:
        return True
    _, after = _VERBS[status.state]
    return state != after and not (state == State.RUNNING and after == State.QUEUED)


def _follow(order_id: UUID, centre: str, status: JobStatus, now: datetime) -> bool:
    """Bring one order to where its job is, unless it was placed elsewhere meanwhile."""
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        if row.state not in ON_ENGINE or row.centre_id != centre:
            return False
        if status.state is JobState.ENDED:
            return end(row, status, now)
        if not _has_moved(State(row.state), status):
            return False
        verb, _ = _VERBS[status.state]
        row.engine_job, row.started_at = status.engine_job, status.started_at
        take(row, verb, by=SYSTEM, now=now, body={"job": status.engine_job}, changed=("engine_job", "started_at"))
    return True


def end(row: Order, status: JobStatus, now: datetime) -> bool:
    """End a locked order as the engine says."""
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

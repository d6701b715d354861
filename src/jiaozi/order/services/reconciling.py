"""What a watcher does where platform and engine disagree: every step is a journal line.

A job that its engine does not know, one that runs past its limit, one that runs for an order that let go of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.refusal import Reason
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import Engine, JobState, JobStatus, UnableToFindJob
from jiaozi.order.queries import Followed
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.order.rules.standing import LIMIT_GRACE, STUCK_AFTER, Why
from jiaozi.order.services.apart import order_apart
from jiaozi.order.services.moving import re_place
from jiaozi.order.services.ruling import lose
from jiaozi.order.services.step import take
from jiaozi.party.rules import SYSTEM

Statuses = Mapping[UUID, JobStatus]
_FORGOTTEN = Reason(Why.FORGOTTEN, Why.FORGOTTEN.label)


def note_missing(page: Sequence[Followed], statuses: Statuses, now: datetime) -> None:
    """Write down which jobs the engine began not to know, and which it knows again."""
    asked = {
        "miss": [each.id for each in page if each.engine_job and not each.missing_since and each.id not in statuses],
        "find": [each.id for each in page if each.missing_since and each.id in statuses],
    }
    for verb, order_ids in asked.items():
        if order_ids:
            with transaction.atomic():
                rows = queries.locked(order_ids)
                Order.objects.filter(id__in=[row.id for row in rows]).update(
                    missing_since=now if verb == "miss" else None
                )
                journal.write_many(Line("order", verb, row.id, row.state, row.state, SYSTEM.name, now) for row in rows)


def let_go_of_forgotten(page: Sequence[Followed], statuses: Statuses, now: datetime) -> int:
    """Place anew what was forgotten before it ran, and call lost what was forgotten while it ran; its hold stays."""
    moved = 0
    for each in page:
        since = each.missing_since
        if each.id in statuses or since is None or now - since < STUCK_AFTER:
            continue
        with order_apart(each.id):
            if each.state is State.RUNNING:
                moved += _lose(each.id, now)
            else:
                moved += re_place(order_id=each.id, why=_FORGOTTEN, now=now)
    return moved


def _lose(order_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        if row.state not in ON_ENGINE:
            return False
        lose(row, by=SYSTEM, now=now, body={"reason": Why.FORGOTTEN.value})
    return True


def stop_overdue(engine: Engine, page: Sequence[Followed], statuses: Statuses, now: datetime) -> None:
    """Stop what runs past the longest that its hold covers: the third lock, after the engine's and the centre's."""
    for each in page:
        status = statuses.get(each.id)
        if status is None or status.state is not JobState.RUNNING or each.cancel_asked:
            continue
        due = status.started_at + each.longest if status.started_at else None
        if due is not None and now > due + LIMIT_GRACE:
            with order_apart(each.id):
                _stop_overdue(engine, each.id, due, now)


def _stop_overdue(engine: Engine, order_id: UUID, due: datetime, now: datetime) -> None:
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        if row.state != State.RUNNING or row.cancel_asked:
            return
        row.cancel_asked = True
        take(row, "stop", by=SYSTEM, now=now, body={"due": due.isoformat()}, changed=("cancel_asked",))
    with suppress(UnableToFindJob):
        engine.cancel(order_id)


def stop_strays(engine: Engine, centre: str, strays: Sequence[UUID], statuses: Statuses, now: datetime) -> int:
    """Stop jobs that live although their orders let go of them: nobody would pay; gives how many there were."""
    alive = [each for each in strays if each in statuses and statuses[each].state is not JobState.ENDED]
    for order_id in alive:
        with order_apart(order_id), suppress(UnableToFindJob):
            engine.cancel(order_id)
            _note_stray(order_id, centre, statuses[order_id], now)
    return len(alive)


def _note_stray(order_id: UUID, centre: str, status: JobStatus, now: datetime) -> None:
    """Write the line once, however many cycles the job takes to go."""
    with transaction.atomic():
        if Order.objects.filter(id=order_id, stray_at=None).update(stray_at=now):
            row = queries.order(order_id)
            body = {"centre": centre, "job": status.engine_job}
            journal.write(Line("order", "stop_stray", order_id, row.state, row.state, SYSTEM.name, now, body))

"""What running sessions need every few seconds: extensions asked for again, a warning before the end, the files kept.

One session's trouble is its own. Cost: three statements a cycle while nothing is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import Saved, SessionEngine, UnableToFindJob, UnableToReachEngine
from jiaozi.order.rules import State
from jiaozi.order.rules import session as rules
from jiaozi.order.services.apart import order_apart
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.extending import ask
from jiaozi.party.rules import SYSTEM

_ASK_AGAIN = timedelta(seconds=5)
SAVED_WITHIN = timedelta(hours=24)
"""How long an engine is asked for what an ended session saved."""


def tend_sessions(*, now: datetime) -> int:
    """Do what is due for every session; gives how many steps were taken."""
    return _ask_again(now) + _warn_all(now) + _keep_all(now)


def _ask_again(now: datetime) -> int:
    waiting = queries.slices_under_way(now - _ASK_AGAIN)
    for slice_id in waiting:
        with order_apart(slice_id):
            ask(slice_id=slice_id, now=now)
    return len(waiting)


def _warn_all(now: datetime) -> int:
    minutes = tuple(settings.JIAOZI_SESSION_WARN_MINUTES)
    if not minutes:
        return 0
    due = queries.sessions_ending(now + timedelta(minutes=max(minutes)))
    count = 0
    for row, ends_at in due:
        if rules.warning(ends_at, row.session.warned_min, minutes, now) is not None:
            with order_apart(row.id):
                count += _warn(row.id, minutes, now)
    return count


def _warn(order_id: UUID, minutes: tuple[int, ...], now: datetime) -> bool:
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        if row.state != State.RUNNING or row.started_at is None:
            return False
        ends_at = row.started_at + timedelta(milliseconds=queries.sure_limit_ms(row))
        left_min = rules.warning(ends_at, row.session.warned_min, minutes, now)
        if left_min is None:
            return False
        row.session.warned_min = left_min
        row.session.save(update_fields=["warned_min"])
        body = {"ends_at": ends_at.isoformat(), "minutes": left_min}
        journal.write(Line("order", "warn", row.id, row.state, row.state, SYSTEM.name, now, body))
    return True


def _keep_all(now: datetime) -> int:
    count = 0
    for order_id in queries.sessions_to_keep():
        with order_apart(order_id):
            try:
                count += _keep(order_id, now)
            except UnableToReachEngine:
                continue  # another centre may answer; this one is asked again
    return count


def _keep(order_id: UUID, now: datetime) -> bool:
    """Write down what an ended session saved: its name, size and hash; the content stays where its engine keeps it."""
    row = queries.order(order_id)
    saved = _saved(row)
    if saved is None and row.started_at and now - (row.ended_at or row.moved_at) < SAVED_WITHIN:
        return False
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        kept = row.session
        if kept.saved_at is not None:
            return False
        kept.saved_at = now
        body = {}
        if saved is not None:
            kept.saved_name, kept.saved_size, kept.saved_sha256 = saved.name, saved.size, saved.sha256
            body = {"bytes": saved.size, "name": saved.name, "sha256": saved.sha256}
        kept.save(update_fields=["saved_at", "saved_name", "saved_size", "saved_sha256"])
        verb = "save" if saved else "save_nothing"
        journal.write(Line("order", verb, row.id, row.state, row.state, SYSTEM.name, now, body))
    return True


def _saved(row: Order) -> Saved | None:
    """Ask what a session saved; one that its engine knows no more saved nothing that anybody will ever be given."""
    engine = engine_of(row.centre)
    if not isinstance(engine, SessionEngine) or row.started_at is None:
        return None
    try:
        return engine.saved(row.id)
    except UnableToFindJob:
        return None

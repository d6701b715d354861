"""The watcher: one status call a centre, and every order brought to where its job is, until it has ended.

It runs every two seconds. What platform and engine disagree on is set right in ``reconciling``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from jiaozi.catalogue import queries as catalogue
from jiaozi.order import queries
from jiaozi.order.ports import Engine, UnableToFindJob
from jiaozi.order.queries import Followed
from jiaozi.order.services import reconciling
from jiaozi.order.services.apart import centre_apart, order_apart
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.following import follow, has_moved


def watch_all(*, now: datetime) -> int:
    """Follow every centre's jobs; gives how many orders moved. What goes wrong at one centre is its own."""
    moved, let_go = 0, queries.let_go(now)
    for centre in sorted({*queries.centres_at_work(), *let_go}):
        with centre_apart(centre):
            moved += watch(centre=centre, now=now, let_go=let_go.get(centre, ()))
    return moved


def watch(*, centre: str, now: datetime, let_go: Sequence[UUID] = ()) -> int:
    """Follow a centre's jobs with one status call for all; gives how many orders moved.

    An order that can't be brought on is logged and tried again next time, the others go on. One whose job has not
    changed costs nothing but its place in the call. ``let_go`` are orders that the engine should not have any more.

    Raises
    ------
    UnableToReachEngine
        When there was no answer; nothing is believed then.
    """
    page = queries.on_engine(centre)
    if not page and not let_go:
        return 0
    engine = engine_of(catalogue.centre(centre))
    moved = _watch_page(engine, centre, page, let_go, now)
    while len(page) == queries.WATCHED_MAX:
        page = queries.on_engine(centre, after=page[-1].id)
        moved += _watch_page(engine, centre, page, (), now)
    return moved


def _watch_page(engine: Engine, centre: str, page: list[Followed], let_go: Sequence[UUID], now: datetime) -> int:
    for each in page:
        if each.cancel_asked and each.engine_job:  # the first asking may not have reached the engine
            with order_apart(each.id), suppress(UnableToFindJob):
                engine.cancel(each.id)
    mine = {each.id for each in page}
    strays = [order_id for order_id in let_go if order_id not in mine]
    statuses = engine.status([*mine, *strays])
    reconciling.note_missing(page, statuses, now)
    known = [each for each in page if each.id in statuses]
    changed = {each.id: statuses[each.id] for each in known if has_moved(each.state, statuses[each.id])}
    moved = follow(centre, changed, now)
    moved += reconciling.let_go_of_forgotten(page, statuses, now)
    reconciling.stop_overdue(engine, page, statuses, now)
    reconciling.stop_strays(engine, centre, strays, statuses, now)
    return moved

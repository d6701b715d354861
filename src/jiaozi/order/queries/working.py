"""Reading the orders that engines work on: what waits to be handed over, what is followed, what should be gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from jiaozi.order.models import Order
from jiaozi.order.ports import longest_run_ms
from jiaozi.order.queries.reading import ROWS_MAX
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.order.rules.standing import LET_GO_FOR, LOST

WATCHED_MAX = 5_000
SUBMITTED_MAX = 1_000
LET_GO_MAX = 1_000
_TO_SUBMIT = (State.HELD, State.SUBMITTED)
_MS = timedelta(milliseconds=1)


class Followed(NamedTuple):
    """An order on an engine, with what a watcher must know to see whether anything changed."""

    id: UUID
    state: State
    engine_job: str
    cancel_asked: bool
    missing_since: datetime | None
    longest: timedelta


def on_engine(centre: str, after: UUID | None = None) -> list[Followed]:
    """Give the orders that a centre's engine may know, oldest first, at most ``WATCHED_MAX`` after an id."""
    rows = Order.objects.filter(centre_id=centre, state__in=ON_ENGINE)
    if after is not None:
        rows = rows.filter(id__gt=after)
    terms = ("time_limit_ms", "engine_granularity_ms", "kill_lag_ms")
    found = rows.order_by("id").values_list("id", "state", "engine_job", "cancel_asked", "missing_since", *terms)
    return [
        Followed(id_, State(state), job, asked, missing, longest_run_ms(limit, step, lag) * _MS)
        for id_, state, job, asked, missing, limit, step, lag in found[:WATCHED_MAX]
    ]


def units_at_work() -> dict[tuple[str, str], int]:
    """Give how many units of each class orders have or wait for at each centre, in one statement."""
    rows = Order.objects.filter(state__in=[State.HELD, State.STAGING, *ON_ENGINE]).values_list(
        "centre_id", "resource_class_id"
    )
    return {(centre, class_): units for centre, class_, units in rows.annotate(units=Sum("units")).order_by()}


def let_go(now: datetime) -> dict[str, list[UUID]]:
    """Give, by centre, the latest orders that their engines should not have any more, in one statement.

    Those that failed, whose jobs were called lost, or that were placed elsewhere, within ``LET_GO_FOR``.
    """
    rows = Order.objects.filter(Q(state=State.FAILED) | Q(reason_code=LOST) | Q(moves__gt=0))
    rows = rows.filter(moved_at__gte=now - LET_GO_FOR).order_by("-moved_at")
    found: dict[str, list[UUID]] = {}
    for id_, centre, state, code, placement in rows.values_list("id", "centre_id", "state", "reason_code", "placement")[
        :LET_GO_MAX
    ]:
        places = [*placement.get("tried", ())]
        if state == State.FAILED or code == LOST:
            places.append(centre)
        for place in places:
            found.setdefault(place, []).append(id_)
    return found


def waiting_for_submit(centre: str, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give a centre's funded orders that no engine has taken yet, oldest first."""
    rows = Order.objects.filter(centre_id=centre, state__in=_TO_SUBMIT, engine_job="").order_by("id")
    return list(rows.values_list("id", flat=True)[:limit])


def server_began_at() -> datetime:
    """Say when the database server that answers began: another one, or one that was put back, began at another time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        began: datetime = cursor.fetchone()[0]
    return began


def not_taken(since: datetime, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give the funded orders that dispatch placed and that their centres did not take, oldest first."""
    rows = Order.objects.filter(state=State.HELD, pinned=False, moved_at__lte=since).order_by("moved_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def is_doubtful(centre: str, without: UUID, since: datetime) -> bool:
    """Say whether a centre has left an order unanswered: it is asked whether it is there before it gets another one."""
    rows = Order.objects.filter(centre_id=centre, state=State.SUBMITTED, engine_job="", moved_at__lte=since)
    return rows.exclude(id=without).exists()


def centres_to_submit_to() -> list[str]:
    """Give the centres for which funded orders wait to be handed over."""
    rows = Order.objects.filter(state__in=_TO_SUBMIT, engine_job="").order_by("centre_id")
    return list(rows.values_list("centre_id", flat=True).distinct()[:ROWS_MAX])


def centres_at_work() -> list[str]:
    """Give the centres that have orders on their engine."""
    rows = Order.objects.filter(state__in=ON_ENGINE).order_by("centre_id").values_list("centre_id", flat=True)
    return list(rows.distinct()[:ROWS_MAX])


def locked(order_ids: Iterable[UUID]) -> list[Order]:
    """Give those of some orders that an engine may know, locked for a change, in id order."""
    rows = (
        Order.objects.defer("files").select_for_update(no_key=True).filter(id__in=list(order_ids), state__in=ON_ENGINE)
    )
    return list(rows.order_by("id"))

"""Reading the orders that stand still, why, and since when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import ExpressionWrapper, F, Q
from django.db.models.fields import DateTimeField

from jiaozi.order.models import Order
from jiaozi.order.ports import longest_run_ms
from jiaozi.order.queries.reading import ROWS_MAX
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.order.rules.standing import STUCK_AFTER, Standing, Why, stuck

_STANDING = (State.HELD, State.STAGING, *ON_ENGINE, State.ENDED)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Stuck:
    """An order that stands still, why, and since when."""

    order: Order
    why: Why
    since: datetime


def standing_of(row: Order, *, has_engine: bool) -> Standing:
    """Give what is known of where an order stands; ``has_engine`` says whether its centre has one to ask."""
    return Standing(
        state=State(row.state),
        moved_at=row.moved_at,
        missing_since=row.missing_since,
        started_at=row.started_at,
        longest_ms=longest_run_ms(row.time_limit_ms, row.engine_granularity_ms, row.kill_lag_ms),
        handed_over=bool(row.engine_job),
        has_engine=has_engine,
    )


def stuck_orders(
    now: datetime, *, engines: Collection[str], programme: str | None = None, limit: int = 100
) -> list[Stuck]:
    """Give the orders that stand still, longest first, with why and since when, in one statement.

    ``engines`` are the names that the settings know.
    """
    longest = F("time_limit_ms") + F("engine_granularity_ms") + F("kill_lag_ms")
    due = ExpressionWrapper(F("started_at") + longest * _MS, output_field=DateTimeField())
    there = Q(centre__connected=True, centre__engine__in=list(engines))
    waits = Q(state__in=[State.HELD, State.ENDED]) | Q(state=State.SUBMITTED, engine_job="")
    rows = (
        Order.objects.defer("files")
        .select_related("holder", "centre", "voucher", "resource_class")
        .filter(state__in=_STANDING, moved_at__lte=now - STUCK_AFTER)
        .annotate(due_at=due)
        .filter(waits | ~there | Q(missing_since__lte=now - STUCK_AFTER) | Q(state=State.RUNNING, due_at__lt=now))
    )
    if programme is not None:
        rows = rows.filter(programme=programme)
    found = []
    for row in rows.order_by("moved_at", "id")[: min(limit, ROWS_MAX)]:
        sign = stuck(standing_of(row, has_engine=row.centre.connected and row.centre.engine in engines), now)
        if sign is not None:
            found.append(Stuck(row, *sign))
    return found

"""Reading sessions: what they open, what is left of them, their extensions, those whose end is near."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import ExpressionWrapper, F, OuterRef, Subquery
from django.db.models.fields import DateTimeField
from django.db.models.functions import Coalesce

from jiaozi.catalogue.queries import tariff_of
from jiaozi.order.models import Order, OrderSession, OrderSlice
from jiaozi.order.queries.reading import ROWS_MAX, UnableToFindOrder
from jiaozi.order.queries.working import SUBMITTED_MAX, WATCHED_MAX
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.order.rules.session import WAITS_FOR_USAGE, Left, Opens, SliceState, left

_MS = timedelta(milliseconds=1)


def session_of(row: Order) -> OrderSession | None:
    """Give what an order opens, None for a batch job; no statement where the order was read with it."""
    try:
        return row.session
    except OrderSession.DoesNotExist:
        return None


def standing_slices(row: Order) -> list[OrderSlice]:
    """Give a session's extensions whose holds stand beside its first, in their order; nothing asked for a batch job."""
    if session_of(row) is None:
        return []
    return list(row.slices.exclude(state=SliceState.REFUSED).order_by("number"))


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session as it is shown: ``left`` only while it runs, its extensions the latest first."""

    session: OrderSession
    left: Left | None
    slices: list[OrderSlice]

    @property
    def opens(self) -> Opens:
        """What it opens."""
        return Opens(self.session.opens)


def sitting(row: Order, now: datetime) -> Sitting:
    """Give a session's time, money and extensions; one statement beside the order's.

    Raises
    ------
    UnableToFindOrder
        When the order is a batch job.
    """
    session = session_of(row)
    if session is None:
        raise UnableToFindOrder("NOT_A_SESSION", "这不是交互会话", "this order is no session", field="order")
    slices = list(row.slices.order_by("-number")[:ROWS_MAX])
    sure_ms = next((each.from_limit_ms for each in slices if each.state == SliceState.HELD), row.time_limit_ms)
    return Sitting(session, remains(row, now, sure_ms), slices)


def sure_limit_ms(row: Order) -> int:
    """Give the limit that a session's engine is known to keep: without an extension that nobody has answered."""
    asked = OrderSlice.objects.filter(order_id=row.id, state=SliceState.HELD).values_list("from_limit_ms", flat=True)
    sure_ms = asked.first()
    return row.time_limit_ms if sure_ms is None else sure_ms


def remains(row: Order, now: datetime, limit_ms: int | None = None) -> Left | None:
    """Give what is left of a running job by the clock, an estimate until it is metered; None when it does not run.

    ``limit_ms`` is the limit that the engine is known to keep where that is not the order's own.
    """
    if row.state != State.RUNNING or row.started_at is None:
        return None
    return left(
        tariff=tariff_of(row.tariff),
        units=row.units,
        started_at=row.started_at,
        time_limit_ms=row.time_limit_ms if limit_ms is None else limit_ms,
        most_fen=row.most_fen,
        now=now,
    )


def slice_of(id: UUID) -> OrderSlice | None:  # noqa: A002 - the column's own name
    """Give one extension, None where there is none."""
    return OrderSlice.objects.filter(id=id).first()


def slice_states(order_id: UUID) -> list[str]:
    """Give the states of a session's extensions."""
    return list(OrderSlice.objects.filter(order_id=order_id).order_by("number").values_list("state", flat=True))


def slices_under_way(asked_before: datetime, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give the extensions that nothing has decided, oldest first; not those that wait for an ended order's usage."""
    rows = OrderSlice.objects.filter(state=SliceState.HELD, asked_at__lte=asked_before).order_by("asked_at")
    rows = rows.exclude(order__state__in=WAITS_FOR_USAGE)
    return list(rows.values_list("id", flat=True)[:limit])


def sessions_ending(before: datetime, limit: int = WATCHED_MAX) -> list[tuple[Order, datetime]]:
    """Give the running sessions whose end is sure (``sure_limit_ms``) and before an instant, and that end."""
    asked = OrderSlice.objects.filter(order=OuterRef("id"), state=SliceState.HELD).values("from_limit_ms")[:1]
    sure_ms = Coalesce(Subquery(asked), F("time_limit_ms"))
    ends = ExpressionWrapper(F("started_at") + sure_ms * _MS, output_field=DateTimeField())
    rows = Order.objects.select_related("session").defer("files")
    rows = rows.filter(state=State.RUNNING, session__isnull=False).annotate(ends_at=ends)
    return [(row, row.ends_at) for row in rows.filter(ends_at__lte=before).order_by("id")[:limit]]


def sessions_to_keep(limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give the ended sessions whose saved files nobody has looked at yet."""
    over = [state for state in State if state not in {State.QUOTED, State.HELD, *ON_ENGINE}]
    rows = OrderSession.objects.filter(saved_at=None, order__state__in=over).order_by("order_id")
    return list(rows.values_list("order_id", flat=True)[:limit])

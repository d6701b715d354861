"""What anybody may see of a session, and what those who watch over the market see beside it; no limits here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from jiaozi.exchange.models import LinkFlow, ProductPrice, Schedule, Session, TradeOrder
from jiaozi.exchange.rules import Book, Cleared, Flow, Price, Product, read_frame
from jiaozi.exchange.rules.life import SessionState, check_reader, check_watcher
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, check_own_programme

ROWS_MAX = 2_000
PRICES_MAX = 20_000


class UnableToFindSession(Refused):
    """No session has this id."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of a list of sessions."""

    id: UUID
    name: str
    state: SessionState
    opened_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What anybody may know of a session; before it is cleared, its state and times alone.

    ``book`` has hubs, periods, classes and links, and no orders.
    """

    id: UUID
    name: str
    programme: str
    state: SessionState
    opened_at: datetime
    closes_at: datetime
    book: Book
    prices: tuple[Price, ...]
    flows: tuple[Flow, ...]
    gap_ppm: int | None
    finished: bool | None
    book_digest: str
    result_digest: str


@dataclass(frozen=True, slots=True)
class Flags:
    """Where somebody could move a price, where related parties traded, and how good each market cleared."""

    cleared: tuple[Cleared, ...]
    powers: tuple[dict[str, Any], ...]
    related_trades: tuple[dict[str, Any], ...]


def session(id: UUID, *, lock: bool = False) -> Session:  # noqa: A002 - the column's own name
    """Give one session, locked for a step where asked.

    Raises
    ------
    UnableToFindSession
        When there is none.
    """
    rows = Session.objects.select_for_update(no_key=True) if lock else Session.objects.all()
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindSession("NO_SUCH_SESSION", f"没有场次{id}", f"no session {id}", field="session")
    return found


def session_for_entering(id: UUID) -> Session:  # noqa: A002
    """Give a session under a shared lock: traders enter side by side, its closing waits for them.

    Raises
    ------
    UnableToFindSession
        When there is none.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM exchange_session WHERE id = %s FOR SHARE", [id])
    return session(id)


def sessions(programme: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 50) -> list[Summary]:
    """Give a page of a programme's sessions, the latest first, from after one's opening and id."""
    rows = Session.objects.filter(programme=programme).order_by("-opened_at", "-id")
    if after is not None:
        rows = rows.filter(Q(opened_at__lt=after[0]) | Q(opened_at=after[0], id__lt=after[1]))
    values = rows.values_list("id", "name", "state", "opened_at", "closes_at")[: max(1, min(limit, ROWS_MAX))]
    return [Summary(id_, name, SessionState(state), *times) for id_, name, state, *times in values]


def due(now: datetime) -> list[UUID]:
    """Give the sessions that are past their closing and not over."""
    states = [SessionState.OPEN, SessionState.CLOSED, SessionState.CLEARED]
    rows = Session.objects.filter(state__in=states, closes_at__lte=now).order_by("closes_at", "id")
    return list(rows.values_list("id", flat=True)[:ROWS_MAX])


def result(session_id: UUID, *, rows: int = PRICES_MAX, resource_class: str = "") -> Result:
    """Give what is public of a session, in three statements; of one class where it is named, so many rows at most.

    Raises
    ------
    UnableToFindSession
        When there is none.
    """
    row = session(session_id)
    state = SessionState(row.state)
    return Result(
        id=row.id,
        name=row.name,
        programme=row.programme,
        state=state,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        book=read_frame(row.frame),
        prices=tuple(each for _, each in _prices(row, resource_class, 0, rows)),
        flows=tuple(each for _, each in _flows(row, resource_class, 0, rows)),
        gap_ppm=row.gap_ppm,
        finished=row.finished,
        book_digest=row.book_digest,
        result_digest=row.result_digest,
    )


def prices(session_id: UUID, *, after: int = 0, limit: int = 100) -> list[tuple[int, Price]]:
    """Give a page of a session's prices with their places, from after one; none before it is cleared."""
    return _prices(session(session_id), "", after, limit)


def flows(session_id: UUID, *, after: int = 0, limit: int = 100) -> list[tuple[int, Flow]]:
    """Give a page of what the links carried, likewise."""
    return _flows(session(session_id), "", after, limit)


def _prices(row: Session, resource_class: str, after: int, limit: int) -> list[tuple[int, Price]]:
    found = _told(ProductPrice.objects.filter(session=row, id__gt=after), row, resource_class, limit)
    return [
        (each.id, Price(Product(each.resource_class, each.period, each.hub), each.price_fen, each.bought, each.sold))
        for each in found
    ]


def _flows(row: Session, resource_class: str, after: int, limit: int) -> list[tuple[int, Flow]]:
    found = _told(LinkFlow.objects.filter(session=row, id__gt=after), row, resource_class, limit)
    return [
        (each.id, Flow(each.resource_class, each.period, each.start, each.end, each.lots, each.rent_fen))
        for each in found
    ]


RowT = TypeVar("RowT", ProductPrice, LinkFlow)


def _told(rows: QuerySet[RowT], row: Session, resource_class: str, limit: int) -> list[RowT]:
    """Give rows of a result in the order they were kept, which is that of class, period and hub."""
    if not SessionState(row.state).told or limit < 1:
        return []
    if resource_class:
        rows = rows.filter(resource_class=resource_class)
    return list(rows.order_by("id")[: min(limit, PRICES_MAX)])


def schedules(programme: str) -> list[Schedule]:
    """Give the schedules by which a programme's sessions recur."""
    return list(Schedule.objects.filter(programme=programme).order_by("name")[:ROWS_MAX])


def sealed_orders(
    session_id: UUID, *, by: Actor, product: Product | None = None, after: UUID | None = None, limit: int = 100
) -> list[TradeOrder]:
    """Give a page of all orders, of one product where asked, to an auditor, once the session is cleared.

    Raises
    ------
    UnableToReadOrders
        To everybody else, and before.
    """
    row = session(session_id)
    check_own_programme(by, row.programme)
    check_reader(by, SessionState(row.state))
    rows = TradeOrder.objects.filter(session_id=session_id).order_by("id")
    if product is not None:
        rows = rows.filter(**product._asdict())
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def flags(session_id: UUID, *, by: Actor) -> Flags:
    """Give what was flagged, and welfare with its bounds, to those who watch over the market.

    Raises
    ------
    UnableToReadOrders
        To traders.
    """
    check_watcher(by)
    row = session(session_id)
    check_own_programme(by, row.programme)
    cleared = tuple(Cleared(**each) for each in row.cleared)
    return Flags(cleared, tuple(row.flags.get("powers", ())), tuple(row.flags.get("related_trades", ())))

"""What each reader may see: a trader gets its own orders and no other's; the public result has no limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from jiaozi.exchange.models import LinkFlow, ProductPrice, Session, TradeOrder
from jiaozi.exchange.rules import Cleared, Code, Flow, Price, Product, Side, say
from jiaozi.exchange.rules.life import OrderState, SessionState, check_reader, check_watcher, trader
from jiaozi.exchange.rules.lines import trader_account
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.party.rules import Actor

ROWS_MAX = 2_000
PRICES_MAX = 20_000


class UnableToFindSession(Refused):
    """No session has this id."""


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """A trader's own order and what became of it; ``accepted`` is None until the session is cleared."""

    id: UUID
    side: Side
    product: Product
    quantity: int
    limit_fen: int
    minimum: int
    state: OrderState
    accepted: int | None
    price_fen: int | None
    code: Code | None
    why: Label | None


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
    """What anybody may know of a session; before it is cleared, its state and times alone."""

    id: UUID
    name: str
    programme: str
    state: SessionState
    opened_at: datetime
    closes_at: datetime
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


@dataclass(frozen=True, slots=True)
class Holding:
    """A trader's own money, in fen, and its own capacity by block (units that it may still offer)."""

    free_fen: int
    held_fen: int
    capacity: dict[str, int]


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


def sessions(programme: str, *, limit: int = 50) -> list[Summary]:
    """Give a programme's sessions, the latest first."""
    rows = Session.objects.filter(programme=programme).order_by("-opened_at", "-id")
    values = rows.values_list("id", "name", "state", "opened_at", "closes_at")[: max(1, min(limit, ROWS_MAX))]
    return [Summary(id_, name, SessionState(state), *times) for id_, name, state, *times in values]


def due(now: datetime) -> list[UUID]:
    """Give the sessions that are past their closing and not over."""
    states = [SessionState.OPEN, SessionState.CLOSED, SessionState.CLEARED]
    rows = Session.objects.filter(state__in=states, closes_at__lte=now).order_by("closes_at", "id")
    return list(rows.values_list("id", flat=True)[:ROWS_MAX])


def own_orders(session_id: UUID, *, by: Actor, after: UUID | None = None, limit: int = 100) -> list[OwnOrder]:
    """Give a page of the reader's own orders, from after an id, with the reasons once the session is cleared.

    Raises
    ------
    UnableToTrade
        When the reader speaks for no organisation.
    """
    rows = TradeOrder.objects.filter(session_id=session_id, party_id=trader(by)).order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = list(rows[: max(1, min(limit, ROWS_MAX))])
    prices = _prices(session_id)
    return [_own(row, prices.get((row.resource_class, row.period, row.hub))) for row in found]


def _prices(session_id: UUID) -> dict[tuple[str, str, str], int]:
    rows = ProductPrice.objects.filter(session_id=session_id).order_by("id")
    values = rows.values_list("resource_class", "period", "hub", "price_fen")[:PRICES_MAX]
    return {(resource_class, period, hub): price for resource_class, period, hub, price in values}


def _own(row: TradeOrder, price_fen: int | None) -> OwnOrder:
    code = Code(row.code) if row.code else None
    return OwnOrder(
        id=row.id,
        side=Side(row.side),
        product=Product(row.resource_class, row.period, row.hub),
        quantity=row.quantity,
        limit_fen=row.limit_fen,
        minimum=row.minimum,
        state=OrderState(row.state),
        accepted=row.accepted,
        price_fen=price_fen,
        code=code,
        why=say(code, price_fen=price_fen, limit_fen=row.limit_fen) if code else None,
    )


def result(session_id: UUID) -> Result:
    """Give what is public of a session, in three statements.

    Raises
    ------
    UnableToFindSession
        When there is none.
    """
    row = session(session_id)
    state = SessionState(row.state)
    prices = ProductPrice.objects.filter(session=row).order_by("resource_class", "period", "hub")
    flows = LinkFlow.objects.filter(session=row).order_by("resource_class", "period", "start", "end")
    return Result(
        id=row.id,
        name=row.name,
        programme=row.programme,
        state=state,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        prices=tuple(
            Price(Product(each.resource_class, each.period, each.hub), each.price_fen, each.bought, each.sold)
            for each in prices[:PRICES_MAX]
        )
        if state.told
        else (),
        flows=tuple(
            Flow(each.resource_class, each.period, each.start, each.end, each.lots, each.rent_fen)
            for each in flows[:PRICES_MAX]
        )
        if state.told
        else (),
        gap_ppm=row.gap_ppm,
        finished=row.finished,
        book_digest=row.book_digest,
        result_digest=row.result_digest,
    )


def sealed_orders(session_id: UUID, *, by: Actor, after: UUID | None = None, limit: int = 100) -> list[TradeOrder]:
    """Give a page of all orders to an auditor, once the session is cleared.

    Raises
    ------
    UnableToReadOrders
        To everybody else, and before.
    """
    check_reader(by, SessionState(session(session_id).state))
    rows = TradeOrder.objects.filter(session_id=session_id).order_by("id")
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
    cleared = tuple(Cleared(**each) for each in row.cleared)
    return Flags(cleared, tuple(row.flags.get("powers", ())), tuple(row.flags.get("related_trades", ())))


def holding(programme: str, *, by: Actor) -> Holding:
    """Give the reader's own money and capacity.

    Raises
    ------
    UnableToTrade
        When the reader speaks for no organisation.
    """
    party = trader(by)
    money = ledger.balance(trader_account(programme, party))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject, credits_posted - debits_posted - debits_pending FROM ledger_account"
            " WHERE programme = %s AND kind = %s AND starts_with(subject, %s) ORDER BY subject LIMIT %s",
            [programme, AccountKind.CAPACITY, f"{party}/", ROWS_MAX],
        )
        blocks = {subject.partition("/")[2]: units for subject, units in cursor.fetchall()}
    return Holding(money.spendable, money.debits_pending, blocks)


def live_count(session_id: UUID, party: UUID) -> int:
    """Say how many live orders a party has."""
    return TradeOrder.objects.filter(session_id=session_id, party_id=party, state=OrderState.LIVE).count()

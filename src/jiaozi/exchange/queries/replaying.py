"""A session's book from its rows, and its clearing once more: the same book must give the same result, to the bit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from jiaozi.exchange.models import LinkFlow, ProductPrice, Session, TradeOrder
from jiaozi.exchange.queries.reading import session
from jiaozi.exchange.rules import Book, Clearing, Order, Side, UnableToReplay, clear, read_frame
from jiaozi.exchange.rules.life import OrderState, SessionState
from jiaozi.exchange.rules.lines import Block, Entry
from jiaozi.party.rules import Actor, check_oversees

_FETCH = 10_000


@dataclass(frozen=True, slots=True)
class Replay:
    """A clearing made again, beside what was kept of the first.

    Attributes
    ----------
    rows_differ
        Order's id, product or link whose kept figures are not what comes out now, the first hundred.
    """

    session: UUID
    book_digest: str
    digest: str
    kept_book_digest: str
    kept_digest: str
    rows_differ: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether book, result and rows are what they were."""
        return (self.book_digest, self.digest) == (self.kept_book_digest, self.kept_digest) and not self.rows_differ


def frame_of(row: Session) -> Book:
    """Give a session's book without orders."""
    return replace(
        read_frame(row.frame), session=str(row.id), related=tuple((one, other) for one, other in row.related)
    )


def book_of(row: Session, *, party: UUID | None = None) -> Book:
    """Give a session's book with all live orders, or with one party's alone."""
    rows = TradeOrder.objects.filter(session=row, state=OrderState.LIVE)
    if party is not None:
        rows = rows.filter(party_id=party)
    values = rows.order_by("id").values_list(
        "id", "party_id", "side", "resource_class", "hub", "period", "quantity", "limit_fen", "minimum"
    )
    orders = tuple(
        Order(str(each[0]), str(each[1]), Side(each[2]), *each[3:]) for each in values.iterator(chunk_size=_FETCH)
    )
    return replace(frame_of(row), orders=orders)


def entries(row: Session) -> list[tuple[Entry, int, int]]:
    """Give the live orders as the ledger sees them, each with the lots accepted and the price (0 until cleared)."""
    values = ProductPrice.objects.filter(session=row).values_list("resource_class", "period", "hub", "price_fen")
    prices = {(resource_class, period, hub): price for resource_class, period, hub, price in values}
    rows = TradeOrder.objects.filter(session=row, state=OrderState.LIVE).order_by("id")
    return [
        (entry(each), each.accepted or 0, prices.get((each.resource_class, each.period, each.hub), 0))
        for each in rows.iterator(chunk_size=_FETCH)
    ]


def entry(row: TradeOrder) -> Entry:
    """Give one order as the ledger sees it."""
    block = Block(party=row.party_id, hub=row.hub, resource_class=row.resource_class, start=row.start, end=row.end)
    return Entry(
        id=row.id,
        side=Side(row.side),
        block=block,
        quantity=row.quantity,
        limit_fen=row.limit_fen,
        lot_units=row.lot_units,
    )


def replay(session_id: UUID, *, by: Actor) -> Replay:
    """Clear a session again from its rows and compare; for those who run or audit the programme.

    Raises
    ------
    UnableToFindSession, UnableToReplay, UnableToSee
        When there is none; when it was not cleared yet; for traders, who can't make others' work wait.
    """
    row = session(session_id)
    check_oversees(by, row.programme)
    if not SessionState(row.state).told:
        raise UnableToReplay(
            "NOT_CLEARED", f"场次{row.name}尚未出清", f"session {row.name} is not cleared", field="session"
        )
    book = book_of(row)
    found = clear(book)
    return Replay(
        session=row.id,
        book_digest=book.digest(),
        digest=found.digest(),
        kept_book_digest=row.book_digest,
        kept_digest=row.result_digest,
        rows_differ=tuple(_differences(row, found)[:100]),
    )


def _differences(row: Session, found: Clearing) -> list[str]:
    kept = TradeOrder.objects.filter(session=row, state=OrderState.LIVE).values_list("id", "accepted", "code")
    wrong = [
        str(id_)
        for id_, accepted, code in kept.order_by("id").iterator(chunk_size=_FETCH)
        if (accepted, code) != (found.accepted.get(str(id_), 0), found.why[str(id_)])
    ]
    prices = ProductPrice.objects.filter(session=row).values_list(
        "resource_class", "period", "hub", "price_fen", "bought", "sold"
    )
    wrong += _unlike(prices, [(*each.product, *each[1:]) for each in found.prices])
    flows = LinkFlow.objects.filter(session=row).values_list(
        "resource_class", "period", "start", "end", "lots", "rent_fen"
    )
    return wrong + _unlike(flows, [tuple(each) for each in found.flows])


def _unlike(kept: Iterable[tuple[str | int, ...]], found: Iterable[tuple[str | int, ...]]) -> list[str]:
    odd = set(kept) ^ set(found)
    return [" ".join(str(part) for part in each) for each in sorted(odd)]

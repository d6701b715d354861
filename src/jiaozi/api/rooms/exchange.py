"""The exchange: sessions and results for everybody, and a trader's own orders; nobody sees another's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Filter, Limit, Page, at_id, at_instant, at_number, page
from jiaozi.api.shape import Done, Shape, Why, Wish, Words, one_of
from jiaozi.exchange import queries
from jiaozi.exchange import services as exchange
from jiaozi.exchange.queries import OwnOrder, Result, Summary
from jiaozi.exchange.rules import Flow, NewOrder, OrderState, Price, SessionState, Side
from jiaozi.exchange.rules.checking import LIMIT_MAX_FEN, NAME_MAX, QUANTITY_MAX
from jiaozi.exchange.rules.life import ENTRIES_MAX
from jiaozi.kernel import clock
from jiaozi.party.rules import Scope

router = Router(tags=["exchange"])
StateOfSession = Annotated[SessionState, one_of(SessionState)]
Way = Annotated[Side, one_of(Side)]
Code = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]


class ExchangeSessionShape(Shape):
    """One auction of a programme's exchange."""

    id: UUID
    name: str
    state: StateOfSession
    opened_at: datetime
    closes_at: datetime


class TradedPeriod(Shape):
    """A block of time that is traded."""

    id: str
    start: datetime
    end: datetime


class TradedClass(Shape):
    """A resource class that is traded, and how many of its units, for a whole period, are one lot."""

    resource_class: str
    lot_units: int


class LinkCapacity(Shape):
    """So many lots sold at the start may be bought at the end; an empty class or period means each of them."""

    start: str
    end: str
    capacity: int
    charge_fen: int
    resource_class: str
    period: str


class ExchangeSessionDetail(ExchangeSessionShape):
    """A session with its products: every class at every hub in every period; and how well it was cleared."""

    programme: str
    hubs: list[str]
    periods: list[TradedPeriod]
    classes: list[TradedClass]
    links: list[LinkCapacity]
    gap_ppm: int | None = Field(
        description="how far the welfare may be from the best, in millionths; null until cleared"
    )
    finished: bool | None = Field(description="whether the best is proved")
    book_digest: str
    result_digest: str


class ExchangePriceShape(Shape):
    """The one price of a product that was traded or passed through, fen a lot, and the lots."""

    resource_class: str
    period: str
    hub: str
    price_fen: int
    bought: int
    sold: int


class ExchangeFlowShape(Shape):
    """Lots sold at one hub and bought at another, and what the link earned."""

    resource_class: str
    period: str
    start: str
    end: str
    lots: int
    rent_fen: int


class TradeOrderShape(Shape):
    """An own order, and once the session is cleared what became of it and why."""

    id: UUID
    side: Way
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: int
    state: Annotated[OrderState, one_of(OrderState)]
    accepted: int | None
    price_fen: int | None = Field(description="the product's price; null where nothing was traded")
    why: Why | None


class NewTradeOrder(Wish):
    """A sealed bid or ask: so many lots, at this limit a lot; fewer than the minimum are of no use."""

    side: Way
    resource_class: Code
    hub: Code
    period: Code
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX, description="lots")]
    limit_fen: Annotated[
        int, Field(ge=0, le=LIMIT_MAX_FEN, description="the most a bid pays a lot, the least an ask takes")
    ]
    minimum: Annotated[int, Field(ge=0, le=QUANTITY_MAX)] = 0


class NewTradeOrders(Wish):
    """Orders that are entered together: all or none."""

    orders: Annotated[list[NewTradeOrder], Field(min_length=1, max_length=ENTRIES_MAX)]


class TradeOrderIds(Wish):
    """Own orders, by id."""

    orders: Annotated[list[UUID], Field(min_length=1, max_length=ENTRIES_MAX)]


class EnteredOrders(Shape):
    """The ids of orders that were entered, in the order they were given."""

    orders: list[UUID]


class BlockUnits(Shape):
    """Units of a block that may still be offered; the block is named hub/class/start/end."""

    block: str
    units: int


class TraderHolding(Shape):
    """A trader's own money and capacity on the exchange."""

    party: UUID
    free_fen: int
    held_fen: int
    capacity: list[BlockUnits]


class OfProgramme(Wish):
    """Of which programme."""

    programme: Annotated[str, Field(max_length=60)] = ""


class Rows(Wish):
    """Which page of a list."""

    limit: Limit = 100
    cursor: Cursor = ""


def _session(row: Summary) -> ExchangeSessionShape:
    return ExchangeSessionShape.model_validate(row)


def detail(row: Result) -> ExchangeSessionDetail:
    """Show a session."""
    book = row.book
    return ExchangeSessionDetail.model_construct(
        id=row.id,
        name=row.name,
        state=row.state,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        programme=row.programme,
        hubs=list(book.hubs),
        periods=[TradedPeriod.model_validate(each) for each in book.periods],
        classes=[TradedClass.model_validate(each) for each in book.contracts],
        links=[LinkCapacity.model_validate(each) for each in book.links],
        gap_ppm=row.gap_ppm,
        finished=row.finished,
        book_digest=row.book_digest,
        result_digest=row.result_digest,
    )


@reads(router, "/exchange/sessions", Page[ExchangeSessionShape], public=True)
def list_exchange_sessions(request: Asked, asked: Query[Filter]) -> Page[ExchangeSessionShape]:
    """Sessions, the latest first."""
    after = at_instant(asked.cursor)
    rows = queries.sessions(programme_of(request, asked.programme), after=after, limit=asked.limit + 1)
    return page(rows, asked.limit, _session, lambda row: (row.opened_at, row.id))


@reads(router, "/exchange/sessions/{session_id}", ExchangeSessionDetail, public=True)
def get_exchange_session(request: Asked, session_id: UUID) -> ExchangeSessionDetail:  # noqa: ARG001 - open to everybody
    """One session with its products, terms and digests."""
    return detail(queries.result(session_id, rows=0))


@reads(router, "/exchange/sessions/{session_id}/prices", Page[ExchangePriceShape], public=True)
def list_exchange_prices(request: Asked, session_id: UUID, asked: Query[Rows]) -> Page[ExchangePriceShape]:  # noqa: ARG001
    """One price a hub, class and period, once the session is cleared."""
    rows = queries.prices(session_id, after=at_number(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _price, lambda row: (row[0],))


def _price(row: tuple[int, Price]) -> ExchangePriceShape:
    price = row[1]
    return ExchangePriceShape.model_construct(
        **price.product._asdict(), price_fen=price.price_fen, bought=price.bought, sold=price.sold
    )


@reads(router, "/exchange/sessions/{session_id}/flows", Page[ExchangeFlowShape], public=True)
def list_exchange_flows(request: Asked, session_id: UUID, asked: Query[Rows]) -> Page[ExchangeFlowShape]:  # noqa: ARG001
    """What the links carried and earned, once the session is cleared."""
    rows = queries.flows(session_id, after=at_number(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _flow, lambda row: (row[0],))


def _flow(row: tuple[int, Flow]) -> ExchangeFlowShape:
    return ExchangeFlowShape.model_construct(**row[1]._asdict())


@reads(router, "/exchange/holding", TraderHolding)
def get_exchange_holding(request: Asked, asked: Query[OfProgramme]) -> TraderHolding:
    """The caller's own money and capacity."""
    programme = programme_of(request, asked.programme)
    held = queries.holding(programme, by=request.auth)
    return TraderHolding.model_construct(
        party=queries.trader_of(request.auth, programme),
        free_fen=held.free_fen,
        held_fen=held.held_fen,
        capacity=[BlockUnits.model_construct(block=block, units=units) for block, units in held.capacity.items()],
    )


@reads(router, "/exchange/sessions/{session_id}/orders", Page[TradeOrderShape])
def list_own_exchange_orders(request: Asked, session_id: UUID, asked: Query[Rows]) -> Page[TradeOrderShape]:
    """The caller's own orders, each with its result and the reason; nobody else's."""
    after = at_id(asked.cursor)
    rows = queries.own_orders(session_id, by=request.auth, after=after, limit=asked.limit + 1)
    return page(rows, asked.limit, _own, lambda row: (row.id,))


def _own(row: OwnOrder) -> TradeOrderShape:
    why = None
    if row.code is not None and row.why is not None:
        why = Why.model_construct(code=row.code.value, label=Words(zh=row.why.zh, en=row.why.en), field="", clause="")
    return TradeOrderShape.model_construct(
        id=row.id,
        side=row.side,
        **row.product._asdict(),
        quantity=row.quantity,
        limit_fen=row.limit_fen,
        minimum=row.minimum,
        state=row.state,
        accepted=row.accepted,
        price_fen=row.price_fen,
        why=why,
    )


@writes(router, "/exchange/sessions/{session_id}/orders", EnteredOrders, scope=Scope.TRADE)
def enter_exchange_orders(request: Asked, session_id: UUID, given: NewTradeOrders) -> EnteredOrders:
    """Enter sealed orders, all or none: a bid holds all that it may cost, an ask all that it may have to deliver."""
    wanted = [NewOrder(**each.model_dump() | {"side": Side(each.side)}) for each in given.orders]
    made = exchange.enter(session_id=session_id, orders=wanted, by=request.auth, now=clock.now())
    return EnteredOrders.model_construct(orders=made)


@writes(router, "/exchange/sessions/{session_id}/orders/withdraw", Done, scope=Scope.TRADE)
def withdraw_exchange_orders(request: Asked, session_id: UUID, given: TradeOrderIds) -> Done:
    """Take own orders back while the session is open, all or none; their holds are released."""
    exchange.withdraw(session_id=session_id, order_ids=given.orders, by=request.auth, now=clock.now())
    return Done()

"""Running the exchange: seats, money, capacity, schedules, a session's steps; its watchers' findings and its replay.

On the router of ``exchange``: two routers can't share an address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Page, at_id, page
from jiaozi.api.rooms.exchange import Code, ExchangeSessionDetail, OfProgramme, Rows, Way, detail, router
from jiaozi.api.shape import AMOUNT_MAX_FEN, Instant, Json, Name, Reasoned, Reference, Shape, Wish, id_of
from jiaozi.exchange import queries
from jiaozi.exchange import services as exchange
from jiaozi.exchange.rules import Block
from jiaozi.exchange.services.scheduling import Times
from jiaozi.kernel import clock
from jiaozi.party.rules import Scope

Minute = Annotated[int, Field(ge=0, le=1_440, description="minute of the day in Shanghai")]
Units = Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN)]


class ExchangeSeatShape(Shape):
    """The organisation that a centre trades as."""

    id: UUID
    programme: str
    centre: str = id_of("centre")
    party: UUID = id_of("party")
    at: datetime


class NewExchangeSeat(Wish):
    """A centre to admit, and as which organisation."""

    programme: Name = ""
    centre: Name
    party: UUID


class TraderMoney(Wish):
    """Money that a trader deposits or gets back, once by its reference."""

    programme: Name = ""
    party: UUID
    amount_fen: Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN)]
    reference: Reference


class TraderMovementShape(Shape):
    """Money that a trader deposited or was paid out."""

    id: UUID
    programme: str
    party: UUID = id_of("party")
    paid_out: bool
    amount_fen: int
    reference: str
    at: datetime


class NewTraderCapacity(Wish):
    """Units of a class that a party may sell at a hub in a block of time, once by the reference."""

    programme: Name = ""
    party: UUID
    hub: Code
    resource_class: Code
    start: Instant
    end: Instant
    units: Units
    reference: Reference


class TraderCapacityShape(Shape):
    """What was declared."""

    id: UUID
    programme: str
    party: UUID = id_of("party")
    hub: str
    resource_class: str
    start: datetime
    end: datetime
    units: int
    reference: str
    at: datetime


class NewExchangeSession(Wish):
    """A session to open: a book without orders, in the file's form."""

    programme: Name = ""
    frame: Json
    closes_at: Instant


class ExchangeTimes(Wish):
    """When a schedule's sessions open and close, and which periods they trade."""

    opens_minute: Minute
    closes_minute: Minute
    days_ahead: Annotated[int, Field(ge=0, le=366)]
    first_minute: Minute
    period_minutes: Annotated[int, Field(ge=1, le=527_040)]
    periods: Annotated[int, Field(ge=1, le=1_000)]


class NewExchangeSchedule(ExchangeTimes):
    """A schedule; set again by its name, it changes from the next session on."""

    programme: Name = ""
    name: Name
    frame: Json
    active: bool = True


class ExchangeScheduleShape(Shape):
    """How a programme's sessions recur."""

    id: UUID
    programme: str
    name: str
    opens_minute: int
    closes_minute: int
    days_ahead: int
    first_minute: int
    period_minutes: int
    periods: int
    active: bool
    set_at: datetime


class ExchangeSchedules(Shape):
    """Every schedule of a programme."""

    schedules: list[ExchangeScheduleShape]


class ExchangeSeats(Shape):
    """Every centre's seat of a programme."""

    seats: list[ExchangeSeatShape]


class MarketPowerShape(Shape):
    """A product where a group of sellers could move the price."""

    resource_class: str
    period: str
    hub: str
    sellers: list[str]
    share_ppm: int
    hhi: int
    pivotal: bool


class RelatedTradeShape(Shape):
    """Related parties on both sides of one product."""

    resource_class: str
    period: str
    hub: str
    buyer: str
    seller: str
    lots: int


class ClearedMarket(Shape):
    """How good one class and period was cleared; in fen."""

    resource_class: str
    period: str
    orders: int
    welfare_fen: int
    bound_fen: int
    divisible_fen: int
    gap_ppm: int
    finished: bool
    steps: int


class ExchangeFindings(Shape):
    """What those who watch over the market see of a session."""

    markets: list[ClearedMarket]
    powers: list[MarketPowerShape]
    related_trades: list[RelatedTradeShape]


class ExchangeReplay(Shape):
    """A session cleared again from what was kept, beside what came out the first time."""

    session: UUID
    same: bool
    book_digest: str
    digest: str
    kept_book_digest: str
    kept_digest: str
    rows_differ: list[str]


class SealedOrderShape(Shape):
    """One order as an auditor sees it once the session is cleared."""

    id: UUID
    party: UUID = id_of("party")
    side: Way
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: int
    state: str
    accepted: int | None
    code: str


@reads(router, "/exchange/schedules", ExchangeSchedules, public=True)
def list_exchange_schedules(request: Asked, asked: Query[OfProgramme]) -> ExchangeSchedules:
    """How a programme's sessions recur."""
    rows = queries.schedules(programme_of(request, asked.programme))
    return ExchangeSchedules.model_construct(schedules=[ExchangeScheduleShape.model_validate(row) for row in rows])


@writes(router, "/exchange/schedules", ExchangeScheduleShape, scope=Scope.TRADE)
def set_exchange_schedule(request: Asked, given: NewExchangeSchedule) -> ExchangeScheduleShape:
    """Set how sessions recur; the worker opens each and takes it through its steps."""
    row = exchange.set_schedule(
        programme=programme_of(request, given.programme),
        name=given.name,
        frame=given.frame,
        times=Times(**{name: getattr(given, name) for name in ExchangeTimes.model_fields}),
        active=given.active,
        by=request.auth,
        now=clock.now(),
    )
    return ExchangeScheduleShape.model_validate(row)


@reads(router, "/exchange/seats", ExchangeSeats, public=True)
def list_exchange_seats(request: Asked, asked: Query[OfProgramme]) -> ExchangeSeats:
    """As which organisation each centre trades."""
    rows = queries.seats(programme_of(request, asked.programme))
    return ExchangeSeats.model_construct(seats=[ExchangeSeatShape.model_validate(row) for row in rows])


@writes(router, "/exchange/seats", ExchangeSeatShape, scope=Scope.TRADE)
def admit_centre_to_exchange(request: Asked, given: NewExchangeSeat) -> ExchangeSeatShape:
    """Say as which organisation a centre trades."""
    programme = programme_of(request, given.programme)
    row = exchange.admit_centre(
        programme=programme, centre=given.centre, party_id=given.party, by=request.auth, now=clock.now()
    )
    return ExchangeSeatShape.model_validate(row)


@writes(router, "/exchange/deposits", TraderMovementShape, scope=Scope.TRADE)
def deposit_for_trader(request: Asked, given: TraderMoney) -> TraderMovementShape:
    """Record money that a trader deposited."""
    row = exchange.deposit(**_money(request, given), by=request.auth, now=clock.now())
    return TraderMovementShape.model_validate(row)


@writes(router, "/exchange/payouts", TraderMovementShape, scope=Scope.TRADE)
def pay_trader_out(request: Asked, given: TraderMoney) -> TraderMovementShape:
    """Record money that went back to a trader; what is held can't go."""
    row = exchange.pay_out(**_money(request, given), by=request.auth, now=clock.now())
    return TraderMovementShape.model_validate(row)


def _money(request: Asked, given: TraderMoney) -> dict[str, Any]:
    place = {"programme": programme_of(request, given.programme), "party_id": given.party}
    return place | {"amount_fen": given.amount_fen, "reference": given.reference}


@writes(router, "/exchange/capacity", TraderCapacityShape, scope=Scope.TRADE)
def declare_exchange_capacity(request: Asked, given: NewTraderCapacity) -> TraderCapacityShape:
    """Record units that a party may sell; declared again, they add up."""
    row = exchange.declare_capacity(
        programme=programme_of(request, given.programme),
        block=Block(
            party=given.party, hub=given.hub, resource_class=given.resource_class, start=given.start, end=given.end
        ),
        units=given.units,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
    )
    return TraderCapacityShape.model_validate(row)


@writes(router, "/exchange/sessions", ExchangeSessionDetail, scope=Scope.TRADE)
def open_exchange_session(request: Asked, given: NewExchangeSession) -> ExchangeSessionDetail:
    """Open a session: orders come in from now on."""
    programme = programme_of(request, given.programme)
    row = exchange.open_session(
        programme=programme, frame=given.frame, closes_at=given.closes_at, by=request.auth, now=clock.now()
    )
    return _shown(row.id)


@writes(router, "/exchange/sessions/{session_id}/close", ExchangeSessionDetail, scope=Scope.TRADE)
def close_exchange_session(request: Asked, session_id: UUID) -> ExchangeSessionDetail:
    """Close a session at its time: the book is fixed."""
    exchange.close_session(session_id=session_id, by=request.auth, now=clock.now())
    return _shown(session_id)


@writes(router, "/exchange/sessions/{session_id}/clear", ExchangeSessionDetail, scope=Scope.TRADE)
def clear_exchange_session(request: Asked, session_id: UUID) -> ExchangeSessionDetail:
    """Clear a closed session: every order gets its lots and its reason."""
    exchange.clear_session(session_id=session_id, by=request.auth, now=clock.now())
    return _shown(session_id)


@writes(router, "/exchange/sessions/{session_id}/settle", ExchangeSessionDetail, scope=Scope.TRADE)
def settle_exchange_session(request: Asked, session_id: UUID) -> ExchangeSessionDetail:
    """Settle a cleared session through the ledger, all of it or nothing."""
    exchange.settle_session(session_id=session_id, by=request.auth, now=clock.now())
    return _shown(session_id)


@writes(router, "/exchange/sessions/{session_id}/void", ExchangeSessionDetail, scope=Scope.TRADE)
def void_exchange_session(request: Asked, session_id: UUID, given: Reasoned) -> ExchangeSessionDetail:
    """Void a session that is not settled: nobody trades, every hold is released."""
    exchange.void_session(session_id=session_id, reason=given.reason, by=request.auth, now=clock.now())
    return _shown(session_id)


def _shown(session_id: UUID) -> ExchangeSessionDetail:
    return detail(queries.result(session_id, rows=0))


@reads(router, "/exchange/sessions/{session_id}/findings", ExchangeFindings)
def get_exchange_findings(request: Asked, session_id: UUID) -> ExchangeFindings:
    """Market power, trades between related parties, and each market's welfare with its bound."""
    found = queries.flags(session_id, by=request.auth)
    return ExchangeFindings.model_construct(
        markets=[ClearedMarket.model_validate(each) for each in found.cleared],
        powers=[MarketPowerShape.model_construct(**each) for each in found.powers],
        related_trades=[RelatedTradeShape.model_construct(**each) for each in found.related_trades],
    )


@reads(router, "/exchange/sessions/{session_id}/replay", ExchangeReplay)
def replay_exchange_session(request: Asked, session_id: UUID) -> ExchangeReplay:
    """Clear a session again from what was kept and compare, bit for bit."""
    made = queries.replay(session_id, by=request.auth)
    return ExchangeReplay.model_validate(made)


@reads(router, "/exchange/sessions/{session_id}/sealed-orders", Page[SealedOrderShape])
def list_sealed_exchange_orders(request: Asked, session_id: UUID, asked: Query[Rows]) -> Page[SealedOrderShape]:
    """Every order of a cleared session, for auditors alone."""
    after = at_id(asked.cursor)
    rows = queries.sealed_orders(session_id, by=request.auth, after=after, limit=asked.limit + 1)
    return page(rows, asked.limit, SealedOrderShape.model_validate, lambda row: (row.id,))

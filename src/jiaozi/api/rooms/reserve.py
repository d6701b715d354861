"""The reserve fund and the year: what the treasury advanced, replaced and got back; the budget; the year's end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.rooms.statements import DisallowanceShape, disallowed
from jiaozi.api.shape import Done, Fen, Name, Reference, Shape, Why, Wish, id_of
from jiaozi.kernel import clock
from jiaozi.party.rules import Reach, Scope, check_oversees, reach_of
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import FundMovement
from jiaozi.voucher.services.budget import approve_budget

router = Router(tags=["reserve"])
Year = Annotated[int, Field(ge=1949, le=9998)]


class Position(Shape):
    """What the reserve stands at; reserve + unreplenished + receivable - due = advance, in fen."""

    reserve_fen: int
    unreplenished_fen: int
    receivable_fen: int
    due_fen: int
    advance_fen: int
    spent_fen: int


class MovementShape(Shape):
    """Real money that entered or left the reserve, besides payments."""

    id: UUID
    programme: str
    kind: str
    amount_fen: int
    reference: str
    disallowance: UUID | None = id_of("disallowance")
    year: int | None
    by: str
    at: datetime


class FundWish(Wish):
    """An amount, and the bank's reference, which makes it once."""

    programme: Name = ""
    amount_fen: Fen
    reference: Reference


class PrefundWish(FundWish):
    """The treasury's advance; for this year where none is named."""

    year: Year | None = None


class RecoverWish(Wish):
    """What a centre paid back."""

    amount_fen: Fen
    reference: Reference


class BudgetWish(Wish):
    """A year's approved budget; ``reference`` names the approval and makes it once."""

    programme: Name = ""
    year: Year
    amount_fen: Fen
    reference: UUID
    for_awards: bool = False


class YearWish(Wish):
    """Which year."""

    programme: Name = ""
    year: Year


class YearClosedShape(Shape):
    """How a year was closed."""

    lapsed_fen: int
    returned_fen: int
    outstanding: list[Why] = Field(description="why the year's advance stays where it is")
    already_closed: bool


def _moved(row: FundMovement) -> MovementShape:
    return MovementShape.model_validate(row)


def _move(verb: Any, request: Asked, given: FundWish, **words: Any) -> MovementShape:
    row = verb(
        programme=programme_of(request, given.programme),
        amount_fen=given.amount_fen,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
        **words,
    )
    return _moved(row)


def _overseen(request: Asked, asked: str) -> str:
    programme = programme_of(request, asked)
    check_oversees(request.auth, programme)
    return programme


@reads(router, "/reserve", Position)
def get_reserve(request: Asked, programme: Name = "") -> Position:
    """Where the reserve stands, as the ledger has it."""
    return Position.model_validate(queries.reserve_position(_overseen(request, programme)))


@reads(router, "/reserve/movements", Page[MovementShape])
def list_reserve_movements(request: Asked, asked: Query[Filter]) -> Page[MovementShape]:
    """The reserve's movements, the latest first."""
    programme = _overseen(request, asked.programme)
    rows = queries.movements(programme, after=at_instant(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _moved, lambda row: (row.at, row.id))


@reads(router, "/disallowances", Page[DisallowanceShape])
def list_disallowances(request: Asked, asked: Query[Filter]) -> Page[DisallowanceShape]:
    """What was taken back from centres, the latest first."""
    programme = programme_of(request, asked.programme)
    reach_of(request.auth, programme, Reach(), holders=False, centres=False)
    rows = queries.disallowances(programme, after=at_instant(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, disallowed, lambda row: (row.at, row.id))


@writes(router, "/reserve/prefund", MovementShape, scope=Scope.SETTLE)
def prefund_reserve(request: Asked, given: PrefundWish) -> MovementShape:
    """Record the treasury's advance to the reserve."""
    return _move(settlement.prefund_reserve, request, given, year=given.year)


@writes(router, "/reserve/replenish", MovementShape, scope=Scope.SETTLE)
def replenish_reserve(request: Asked, given: FundWish) -> MovementShape:
    """Record what the treasury replaced of payments; the oldest are replaced first."""
    return _move(settlement.replenish, request, given)


@writes(router, "/reserve/remit", MovementShape, scope=Scope.SETTLE)
def remit_to_treasury(request: Asked, given: FundWish) -> MovementShape:
    """Record what went back to the treasury of disallowed payments that it had replaced."""
    return _move(settlement.remit, request, given)


@writes(router, "/disallowances/{disallowance_id}/recover", MovementShape, scope=Scope.SETTLE)
def recover_disallowance(request: Asked, disallowance_id: UUID, given: RecoverWish) -> MovementShape:
    """Record what a centre paid back of a disallowed amount."""
    row = settlement.recover(
        disallowance_id=disallowance_id,
        amount_fen=given.amount_fen,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
    )
    return _moved(row)


@writes(router, "/budgets", Done, scope=Scope.SETTLE)
def approve_year_budget(request: Asked, given: BudgetWish) -> Done:
    """Put a year's approved budget at the programme's disposal."""
    approve_budget(
        programme=programme_of(request, given.programme),
        year=given.year,
        amount_fen=given.amount_fen,
        by=request.auth,
        now=clock.now(),
        reference=given.reference,
        for_awards=given.for_awards,
    )
    return Done()


@writes(router, "/years/close", YearClosedShape, scope=Scope.SETTLE)
def close_year(request: Asked, given: YearWish) -> YearClosedShape:
    """Close a year that is over: the unissued budget lapses, its advance goes back when nothing is outstanding."""
    closed = settlement.close_year(
        programme=programme_of(request, given.programme), year=given.year, by=request.auth, now=clock.now()
    )
    return YearClosedShape.model_validate(closed)

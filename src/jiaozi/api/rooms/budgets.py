"""The year's money by pool, clause and week, when it runs out, what a parameter would change, and the year's end."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from ninja import Path, Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads
from jiaozi.api.shape import Name, Shape, Why, Wish, Words, path_of
from jiaozi.application import queries as applications
from jiaozi.kernel import clock
from jiaozi.party.rules import check_oversees
from jiaozi.settlement import queries

router = Router(tags=["reserve"])
Year = Annotated[int, Path(ge=1949, le=9998)]


class ForecastShape(Shape):
    """A forecast by the stated rule: the mean of the last weeks; as a band the fastest and slowest block of four."""

    left_fen: int
    weeks: int
    pace_fen: int
    on: date | None = Field(description="the day by which nothing is left; null where the pace is nothing")
    earliest: date | None
    latest: date | None
    end_fen: int
    end_low_fen: int
    end_high_fen: int


class ClauseMoneyShape(Shape):
    """What a clause's grants came to: granted = spendable + held + used + ended."""

    clause: str
    grants: int
    granted_fen: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    ended_fen: int


class CapShape(Shape):
    """A cap; ``limit_fen`` null where it is not known, a demo value where ``unpublished``."""

    cap: str = path_of("cap", "cap_id")
    label: Words = path_of("cap", "label")
    measures: str = path_of("cap", "measures")
    subject: str = path_of("cap", "subject")
    limit_fen: int | None = path_of("cap", "limit_fen")
    unpublished: bool = path_of("cap", "unpublished")
    counted_fen: int | None
    left_fen: int | None


class WeekShape(Shape):
    """One week of the year."""

    last: date
    granted_fen: int
    paid_fen: int
    left_fen: int
    unpaid_fen: int


class BudgetShape(Shape):
    """A year's money; ``left_fen`` is the lesser of what the ceiling and the approved budget leave."""

    year: int = path_of("year", "year")
    cap_fen: int | None = path_of("year", "cap_fen")
    budget_fen: int = path_of("year", "budget_fen")
    granted_fen: int = path_of("year", "issued_fen")
    frozen_fen: int = path_of("year", "held_fen")
    spent_fen: int = path_of("year", "used_fen")
    paid_fen: int = path_of("year", "settled_fen")
    ceiling_fen: int
    left_fen: int
    clauses: list[ClauseMoneyShape]
    pools: list[CapShape]
    weeks: list[WeekShape]
    ceiling: ForecastShape | None
    reserve: ForecastShape | None


class TriedShape(Shape):
    """One dossier that the change makes a difference to."""

    application: UUID
    clause: str
    before_fen: int = path_of("tried", "before_fen")
    after_fen: int = path_of("tried", "after_fen")


class WhatIfShape(Shape):
    """What a parameter with another value would make of this year's latest dossiers, each decided alone."""

    parameter: str
    value: str
    dossiers: int
    of: int
    before_fen: int
    after_fen: int
    by_fen: int
    gaining: int
    losing: int
    shown: list[TriedShape]


class WhatIfWish(Wish):
    """Which parameter, and the value to try, written as the document writes it."""

    programme: Name = ""
    parameter: Name
    value: Annotated[str, Field(min_length=1, max_length=60)]


class CheckShape(Shape):
    """Two sums that must be equal."""

    label: Words
    left_fen: int
    right_fen: int
    difference_fen: int


class YearAheadShape(Shape):
    """What closing a year would do now."""

    closed: bool
    lapses_fen: int
    returns_fen: int
    not_yet: Why | None = Field(description="why it can't be closed now")
    outstanding: list[Why] = Field(description="why the year's advance would stay")
    balanced: bool
    checks: list[CheckShape]


class OffendingLine(Shape):
    """One line on which claim, metering and ledger don't agree."""

    reference: str
    claimed_fen: int | None
    metered_fen: int | None
    ledger_fen: int | None


class ToMatch(Shape):
    """A closed statement, and the first lines that keep it from being matched."""

    statement: UUID = path_of("statement", "id")
    centre: str = path_of("statement", "centre_id")
    total_fen: int = path_of("statement", "total_fen")
    claimed: bool
    differing: int
    off_fen: int
    lines: list[OffendingLine]


class DueStatement(Shape):
    """A statement that is to be approved or paid."""

    statement: UUID = Field(validation_alias="id")
    centre: str = Field(validation_alias="centre_id")
    first: date
    end: date
    total_fen: int


class PaymentRunShape(Shape):
    """Everything that is to be matched, approved or paid."""

    to_match: list[ToMatch]
    to_approve: list[DueStatement]
    to_pay: list[DueStatement]
    disputed: list[DueStatement]
    due_fen: int
    reserve_fen: int = path_of("reserve", "reserve_fen")
    short_fen: int
    more: bool


def _overseen(request: Asked, asked: str) -> str:
    programme = programme_of(request, asked)
    check_oversees(request.auth, programme)
    return programme


@reads(router, "/budgets/{year}", BudgetShape)
def get_budget(request: Asked, year: Year, programme: Name = "") -> BudgetShape:
    """A year's money by pool and clause, its burn-down, and when it runs out."""
    return BudgetShape.model_validate(queries.budget(_overseen(request, programme), year, now=clock.now()))


@reads(router, "/what-if", WhatIfShape)
def try_parameter(request: Asked, asked: Query[WhatIfWish]) -> WhatIfShape:
    """What one parameter with another value would change; nothing is kept."""
    programme = _overseen(request, asked.programme)
    found = applications.what_if(programme=programme, parameter=asked.parameter, value=asked.value, now=clock.now())
    return WhatIfShape.model_validate(found)


@reads(router, "/years/{year}/closing", YearAheadShape)
def preview_year_closing(request: Asked, year: Year, programme: Name = "") -> YearAheadShape:
    """What closing a year would do now: what lapses, what goes back, what keeps it from that, and the checks."""
    ahead: Any = queries.year_ahead(_overseen(request, programme), year, now=clock.now())
    return YearAheadShape.model_construct(
        closed=ahead.closed is not None,
        lapses_fen=ahead.lapses_fen,
        returns_fen=ahead.returns_fen,
        not_yet=Why.model_validate(ahead.not_yet) if ahead.not_yet else None,
        outstanding=[Why.model_validate(reason) for reason in ahead.outstanding],
        balanced=ahead.balanced,
        checks=[CheckShape.model_validate(check) for check in ahead.checks],
    )


@reads(router, "/payment-run", PaymentRunShape)
def get_payment_run(request: Asked, programme: Name = "") -> PaymentRunShape:
    """Every statement to be matched, approved or paid, with the lines that keep it from that."""
    return PaymentRunShape.model_validate(queries.payment_run(_overseen(request, programme)))

"""What a statement says, as values: every form of export is made from these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from jiaozi.kernel.period import SHANGHAI
from jiaozi.settlement.rules.life import LineKind, State


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on a statement by code and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One capture on a statement, in fen; its use in units by milliseconds, from the first start to the last end."""

    reference: str
    kind: LineKind
    captured_at: datetime
    amount_fen: int
    claimed_fen: int | None
    ledger_fen: int | None
    price_fen: int
    own_fen: int
    overrun_fen: int
    holder: Party
    voucher: str
    resource: Party
    unit: str
    rate_ufen: int
    tariff_id: UUID
    units: int
    unit_ms: int
    started_at: datetime
    ended_at: datetime
    moved_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over some lines, in fen and units by milliseconds."""

    lines: int
    unit_ms: int
    price_fen: int
    own_fen: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A statement with its lines. ``demo`` says that the programme runs on values that nobody published."""

    id: UUID
    number: str
    programme: Party
    demo: bool
    centre: Party
    first: date
    last: date
    state: State
    lines: tuple[Line, ...]
    total_fen: int
    claimed_fen: int | None
    ledger_fen: int | None
    opened_at: datetime
    closed_at: datetime | None
    matched_at: datetime | None
    approved_at: datetime | None
    approved_by: str
    paid_at: datetime | None
    paid_by: str
    bank_reference: str

    @property
    def at(self) -> datetime:
        """When it became what it is: the date of every export, so that the same statement is the same bytes."""
        steps = (self.paid_at, self.approved_at, self.matched_at, self.closed_at)
        return next((at for at in steps if at is not None), self.opened_at)

    @property
    def totals(self) -> Totals:
        """The sums of all lines."""
        return added(self.lines)


def added(lines: Iterable[Line]) -> Totals:
    """Add lines up."""
    rows = list(lines)
    return Totals(
        lines=len(rows),
        unit_ms=sum(line.unit_ms for line in rows),
        price_fen=sum(line.price_fen for line in rows),
        own_fen=sum(line.own_fen for line in rows),
        amount_fen=sum(line.amount_fen for line in rows),
    )


def group(lines: Iterable[Line]) -> list[tuple[Line, Totals]]:
    """Add lines up by holder, class, kind and rate; each with its first line, in the order of names."""
    found: dict[tuple[str, str, str, int], list[Line]] = {}
    for line in lines:
        key = (line.holder.name, line.resource.id, line.kind.value, line.rate_ufen)
        found.setdefault((*key[:3], key[3]), []).append(line)
    return [(found[key][0], added(found[key])) for key in sorted(found)]


def local(at: datetime) -> str:
    """Show an instant in Chengdu's time."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def hours(unit_ms: int) -> str:
    """Show units by milliseconds as unit-hours, rounded to four decimals; money is never made from it.

    >>> hours(5_400_000)
    '1.5000'
    """
    tenths = (unit_ms * 20_000 + 3_600_000) // 7_200_000
    return f"{tenths // 10_000:,}.{tenths % 10_000:04d}"

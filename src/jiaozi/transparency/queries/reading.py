"""Reading the kept totals and the entries that they are sums of; what a page costs doesn't grow with the books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.queries import Finding
from jiaozi.transparency.models import CheckpointRow, Entry, Total
from jiaozi.transparency.rules import By, Checkpoint, Measure

SQL = Path(__file__).resolve().parent.parent / "sql"
PAGE = 50
KEYS_MAX = 500
_FINDINGS_MAX = 100
_M = Measure


class UnableToFindEntries(Refused):
    """What was asked for is no measure, or is no place in the chain."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of one year, or of one key in it, in fen.

    issued = spendable + held + used + ended; ``used`` takes in what holders redeemed, ``settled`` what was paid of it.
    """

    fen: Mapping[Measure, int]
    entries: Mapping[Measure, int]

    @property
    def budget_fen(self) -> int:
        """What was approved for the year."""
        return self.fen[_M.BUDGET]

    @property
    def issued_fen(self) -> int:
        """What was issued as vouchers."""
        return self.fen[_M.ISSUED]

    @property
    def held_fen(self) -> int:
        """What is held for orders and claims under way."""
        return self.fen[_M.HELD]

    @property
    def used_fen(self) -> int:
        """What was captured or redeemed."""
        return self.fen[_M.USED] + self.fen[_M.REDEEMED]

    @property
    def settled_fen(self) -> int:
        """What of it was paid from the reserve."""
        return self.fen[_M.SETTLED] + self.fen[_M.REDEEMED]

    @property
    def ended_fen(self) -> int:
        """What lapsed, was cancelled or revoked."""
        return self.fen[_M.ENDED]

    @property
    def spendable_fen(self) -> int:
        """What holders can still spend."""
        return self.issued_fen - self.held_fen - self.used_fen - self.ended_fen

    @property
    def vouchers(self) -> int:
        """How many vouchers were issued: each is one entry."""
        return self.entries[_M.ISSUED]


@dataclass(frozen=True, slots=True)
class OpenYear(Figures):
    """A year's figures, and the signed checkpoint up to which they are sums; None before anything was sealed."""

    checkpoint: Checkpoint | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The figures of one key: a clause, a holder class, a centre."""

    key: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Sealed:
    """One entry as a page lists it."""

    n: int
    at: datetime
    event: str
    fen: int
    reference: UUID | None
    clause: str
    holder_class: str
    centre: str
    leaf: str


def open_year(programme: str, year: int) -> OpenYear:
    """Give a year's figures from the kept totals, in two statements whatever the books hold."""
    figures = _figures(Total.objects.filter(programme=programme, year=year, by=By.ALL))
    return OpenYear(figures.fen, figures.entries, checkpoint())


def breakdown(programme: str, year: int, by: By) -> list[Breakdown]:
    """Give the figures of each key, the largest issue or use first, in one statement."""
    rows: dict[str, list[Total]] = defaultdict(list)
    for row in Total.objects.filter(programme=programme, year=year, by=by)[: KEYS_MAX * len(Measure)]:
        rows[row.key].append(row)
    found = [Breakdown(key, _figures(each)) for key, each in rows.items()]
    return sorted(found, key=lambda each: (-max(each.figures.issued_fen, each.figures.used_fen), each.key))


def burn_down(programme: str, year: int) -> list[tuple[date, Mapping[Measure, int]]]:
    """Give what each day added, by measure, in the order of days, in one statement; at most some hundred days."""
    days: dict[str, dict[Measure, int]] = defaultdict(lambda: defaultdict(int))
    for row in Total.objects.filter(programme=programme, year=year, by=By.DAY).order_by("key")[:10_000]:
        days[row.key][Measure(row.measure)] += row.fen
    return [(date.fromisoformat(day), found) for day, found in days.items()]


def checkpoint(n: int | None = None) -> Checkpoint | None:
    """Give the latest signed checkpoint, or the first that covers an entry."""
    rows = CheckpointRow.objects.order_by("n").filter(n__gte=n) if n else CheckpointRow.objects.order_by("-n")
    row = rows.first()
    return None if row is None else Checkpoint(row.n, bytes(row.head), row.at, bytes(row.key), bytes(row.signature))


def entries(
    programme: str,
    year: int,
    measure: Measure,
    *,
    by: By = By.ALL,
    key: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> list[Sealed]:
    """Give the latest entries that a figure is the sum of, in one statement, from before a place in the chain."""
    counted = ~Q(held_fen=0) if measure is _M.HELD else Q(measure=measure) & ~Q(fen=0)
    rows = Entry.objects.filter(counted, programme=programme, shown=True)
    rows = rows.filter(Q(year=year) | ~Q(parts=""))
    column = {By.CLAUSE: "clause", By.HOLDER: "holder_class", By.CENTRE: "centre"}.get(by)
    if column:
        rows = rows.filter(**{column: key})
    if before is not None:
        rows = rows.filter(n__lt=before)
    found = list(rows.order_by("-n")[: max(1, min(limit, PAGE + 1))])
    events = _events([row.entry for row in found])
    return [
        Sealed(
            row.n,
            row.at,
            events.get(row.entry, ""),
            row.held_fen if measure is _M.HELD else row.fen,
            row.subject,
            row.clause,
            row.holder_class,
            row.centre,
            bytes(row.leaf).hex(),
        )
        for row in found
    ]


def audit() -> list[Finding]:
    """Hold the kept totals against the entries, and the chain against what it seals; an empty list means they agree."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / "audit.sql").read_text(encoding="utf-8"), {"limit": _FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]


def _events(ids: list[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, event FROM ledger_transfer WHERE id = ANY (%s)", [ids])
        return dict(cursor.fetchall())


def _figures(rows: Any) -> Figures:
    fen, number = dict.fromkeys(Measure, 0), dict.fromkeys(Measure, 0)
    for row in rows:
        fen[Measure(row.measure)] += row.fen
        number[Measure(row.measure)] += row.entries
    return Figures(fen, number)

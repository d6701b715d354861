"""How a year's money went: what is left under the cap, what was used and settled, day by day or month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jiaozi.transparency.rules import Measure

DAYS_MAX = 31
"""With more days than these, a point is a month."""


@dataclass(frozen=True, slots=True)
class Point:
    """One day or month: what it added, and where the year stood at its end, in fen."""

    name: str
    issued_now_fen: int
    used_now_fen: int
    left_fen: int
    used_fen: int
    settled_fen: int


def points(days: Sequence[tuple[date, Mapping[Measure, int]]], ceiling_fen: int) -> list[Point]:
    """Add days up, in their order.

    >>> [point] = points([(date(2026, 1, 5), {Measure.ISSUED: 30})], 100)
    >>> (point.name, point.left_fen)
    ('2026-01-05', 70)
    """
    form = "%Y-%m-%d" if len(days) <= DAYS_MAX else "%Y-%m"
    found: dict[str, Point] = {}
    issued, used, settled = 0, 0, 0
    for day, added in days:
        issued_now = added.get(Measure.ISSUED, 0)
        used_now = added.get(Measure.USED, 0) + added.get(Measure.REDEEMED, 0)
        issued, used = issued + issued_now, used + used_now
        settled += added.get(Measure.SETTLED, 0) + added.get(Measure.REDEEMED, 0)
        before = found.get(name := day.strftime(form))
        found[name] = Point(
            name,
            (before.issued_now_fen if before else 0) + issued_now,
            (before.used_now_fen if before else 0) + used_now,
            ceiling_fen - issued,
            used,
            settled,
        )
    return list(found.values())

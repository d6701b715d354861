"""What chance does to a figure: its median over all seeds, and the band that nine of ten seeds fall into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LOW_PERCENT, HIGH_PERCENT = 5, 95


@dataclass(frozen=True, slots=True)
class Band:
    """A figure over the seeds; all three are figures that some seed came to, so that fen stay whole."""

    low: int
    median: int
    high: int


def band(values: Iterable[int]) -> Band:
    """Give the 5th, 50th and 95th percentile by nearest rank.

    >>> band([30, 10, 20])
    Band(low=10, median=20, high=30)
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no seed was played")
    return Band(_at(ordered, LOW_PERCENT), _at(ordered, 50), _at(ordered, HIGH_PERCENT))


def _at(ordered: Sequence[int], percent: int) -> int:
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def bands(rows: Sequence[Sequence[int]]) -> tuple[Band, ...]:
    """Give the band of each place of rows that may differ in length; a row that ended counts 0 from there on."""
    width = max(len(row) for row in rows)
    padded = [(*row, *([0] * (width - len(row)))) for row in rows]
    return tuple(band(column) for column in zip(*padded, strict=True))

"""How evenly money is spread: Gini's coefficient, the shares of the ten largest and the largest tenth, Lorenz's curve.

All over those who received something; sums are whole fen, the ratios that come out are told in parts of a million.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jiaozi.policy.rules.many import Ints

PPM = 1_000_000
POINTS = 50
TOP = 10


@dataclass(frozen=True, slots=True)
class Concentration:
    """Ratios in parts of a million; ``lorenz`` has what the smallest 0, 2 … 100 percent of receivers got together."""

    gini_ppm: int
    top_ten_ppm: int
    top_tenth_ppm: int
    lorenz_ppm: tuple[int, ...]


def concentration(received_fen: Ints) -> Concentration:
    """Measure how sums are spread over those that got more than nothing.

    Gini is ``2 Σ i·x_i / (n Σ x_i) − (n + 1) / n`` over sums in rising order, ``i`` counted from 1.

    Examples
    --------
    >>> concentration(np.array([0, 5, 5, 5, 5])).gini_ppm, concentration(np.array([1, 3])).gini_ppm
    (0, 250000)
    """
    sums = np.sort(received_fen[received_fen > 0])
    count = len(sums)
    if not count:
        return Concentration(0, 0, 0, (0,) * (POINTS + 1))
    total = int(sums.sum())
    weighted = sum(int(part) for part in _weighted(sums))
    gini = (2 * weighted * PPM - (count + 1) * total * PPM) // (count * total)
    rising = np.concatenate([[0], np.cumsum(sums)])
    lorenz = tuple(int(rising[count * point // POINTS]) * PPM // total for point in range(POINTS + 1))
    tenth = -(-count // 10)
    return Concentration(gini, int(sums[-TOP:].sum()) * PPM // total, int(sums[-tenth:].sum()) * PPM // total, lorenz)


def _weighted(sums: Ints) -> list[int]:
    """Add up ``i·x_i`` in stretches that fit 64 bits."""
    stretch = 4_096
    parts = []
    for begin in range(0, len(sums), stretch):
        part = sums[begin : begin + stretch]
        places = np.arange(1, len(part) + 1, dtype=np.int64)
        parts.append(int((part * places).sum()) + begin * int(part.sum()))
    return parts

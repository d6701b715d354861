"""Exact fractions of fen for many rows: an integer over an integer each; what may not fit 64 bits is marked unsure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from jiaozi.kernel.fen import Rounding
from jiaozi.policy.rules.many.columns import Bools, Ints
from jiaozi.policy.rules.many.judging import SAFE_MAX


@dataclass(frozen=True, slots=True)
class Exact:
    """``over / under`` on every row; ``unsure`` where the figures are too large to be sure of."""

    over: Ints
    under: Ints
    unsure: Bools

    def times(self, over: Any, under: Any = 1) -> Exact:
        """Multiply by a fraction, of each row's own or of all."""
        unsure = self.unsure | _large(self.over, over) | _large(self.under, under)
        return Exact(self.over * over, self.under * under, unsure)

    def plus(self, other: Exact) -> Exact:
        """Add."""
        unsure = self.unsure | other.unsure
        unsure |= _large(self.over, other.under) | _large(other.over, self.under) | _large(self.under, other.under)
        over = self.over * other.under + other.over * self.under
        return Exact(over, self.under * other.under, unsure | (np.abs(over.astype(np.float64)) >= SAFE_MAX))

    def rounded(self, step_fen: int, rule: Rounding) -> tuple[Ints, Bools]:
        """Round amounts of 0 or more to whole steps, and say where that is not sure."""
        unsure = self.unsure | _large(self.under, 2 * step_fen)
        size = np.where(unsure, 1, self.under * step_fen)
        steps, rest = np.divmod(self.over, size)
        if rule is Rounding.UP:
            steps = steps + (rest > 0)
        elif rule is Rounding.HALF_UP:
            steps = steps + (2 * rest >= size)
        return steps * step_fen, unsure | _large(steps, step_fen)


def whole(numbers: Ints) -> Exact:
    """Take whole numbers as they are."""
    return Exact(numbers, np.ones(len(numbers), dtype=np.int64), np.zeros(len(numbers), dtype=bool))


def fractions(values: list[Fraction], which: Ints) -> tuple[Ints, Ints]:
    """Spread a few exact fractions over the rows: ``which`` says whose is whose."""
    over = np.array([value.numerator for value in values] or [0], dtype=np.int64)
    under = np.array([value.denominator for value in values] or [1], dtype=np.int64)
    return over[which], under[which]


def _large(one: Any, other: Any) -> Bools:
    sizes = np.abs(np.asarray(one, dtype=np.float64)) * np.abs(np.asarray(other, dtype=np.float64))
    large: Bools = np.asarray(sizes >= SAFE_MAX)
    return large


def floor_share(base_fen: Any, share: Fraction, count: int) -> tuple[Ints, Bools]:
    """Give a share of each base, rounded down."""
    base = np.broadcast_to(np.asarray(base_fen, dtype=np.int64), (count,))
    unsure = np.broadcast_to(_large(base, share.numerator), (count,))
    return np.where(unsure, 0, base * share.numerator // share.denominator), unsure

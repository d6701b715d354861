"""One line of the performance table, and the arithmetic of interleaved rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, the figure, the ratio that survives a change of machine, and the target.

    Attributes
    ----------
    measure
        What was done, on how many connections or threads.
    figure
        The absolute figure on this machine, with its unit.
    ratio
        Against the yardstick measured in the same rounds: median, smallest to largest.
    target
        What the design asks for; empty where it asks for nothing.
    met
        Whether the median meets it; None without a target.
    """

    measure: str
    figure: str
    ratio: str = ""
    target: str = ""
    met: bool | None = None


def rates(per_second: Sequence[float]) -> str:
    """Show the median rate and the spread over the rounds."""
    return f"{median(per_second):,.0f}/s ({min(per_second):,.0f}–{max(per_second):,.0f})"


def ratios(ours: Sequence[float], yardstick: Sequence[float]) -> list[float]:
    """Divide round by round, so that a slow minute of the machine counts against both."""
    return [one / other for one, other in zip(ours, yardstick, strict=True)]


def spread(values: Sequence[float]) -> str:
    """Show the median and the spread of ratios."""
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def percentile(values: Sequence[float], percent: int) -> float:
    """Give a percentile of at least two values."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]

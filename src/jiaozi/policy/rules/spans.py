"""How much of a contract lies inside a base period, as an exact fraction, by a stated way to count days."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from jiaozi.kernel.period import Period
from jiaozi.policy.rules.words import Days

_MONTHS, _MONTH_DAYS, _YEAR_DAYS = 12, 30, 360


def counted(span: Period, days: Days) -> int:
    """Count a run of dates: the days there are, 30 a month and 360 a year, or every month that it touches.

    >>> from datetime import date
    >>> half = Period(date(2024, 1, 1), date(2024, 7, 1))
    >>> counted(half, Days.ACTUAL), counted(half, Days.THIRTY_360), counted(half, Days.MONTHS)
    (182, 180, 6)
    """
    if days is Days.ACTUAL:
        return span.days
    if days is Days.MONTHS:
        return (span.last.year - span.first.year) * _MONTHS + span.last.month - span.first.month + 1
    return _on_360(span.end) - _on_360(span.first)


def _on_360(day: date) -> int:
    return day.year * _YEAR_DAYS + (day.month - 1) * _MONTH_DAYS + min(day.day, _MONTH_DAYS)


def part_inside(contract: Period, base: Period, days: Days) -> Fraction:
    """Give the share of a contract that lies inside the base period; 0 where they do not meet, never over 1."""
    common = contract.common(base)
    whole = counted(contract, days)
    if common is None or whole == 0:
        return Fraction(0)
    return min(Fraction(1), Fraction(counted(common, days), whole))

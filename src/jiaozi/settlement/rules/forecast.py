"""When money runs out at the pace of late: a stated rule, no model, and always shown as a forecast with its band.

The rule. The last twelve whole weeks end today (eight, or four, where there are no more). They are three blocks of four
weeks: the middle date takes the mean of all, the band's early date the fastest block, its late date the slowest.
Nothing seasonal is known, so nothing seasonal is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 12
RUN = 4
DAYS_A_WEEK = 7
HORIZON_DAYS = 3_660


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is left, the pace of so many weeks, and when it would be gone.

    Attributes
    ----------
    total_fen, fast_fen, slow_fen
        Spent in all ``weeks``; in the fastest and in the slowest block of ``RUN`` weeks.
    on, earliest, latest
        The day by which nothing is left; None where the pace is nothing, or the day is more than ten years away.
    end_fen, end_low_fen, end_high_fen
        What would be left on the last day of the year.
    """

    left_fen: int
    weeks: int
    total_fen: int
    fast_fen: int
    slow_fen: int
    on: date | None
    earliest: date | None
    latest: date | None
    end_fen: int
    end_low_fen: int
    end_high_fen: int

    @property
    def pace_fen(self) -> int:
        """The mean of a week, cut off to whole fen."""
        return self.total_fen // self.weeks


def forecast(left_fen: int, weekly_fen: Sequence[int], today: date, year_end: date) -> Forecast | None:
    """Say when what is left runs out by the stated rule; None with fewer than ``RUN`` weeks to go by.

    Parameters
    ----------
    weekly_fen
        What went in each whole week, the oldest first; the last ends today.
    year_end
        The first day after the year.

    Examples
    --------
    >>> forecast(700, [100] * 12, date(2024, 5, 20), date(2025, 1, 1)).on
    datetime.date(2024, 7, 8)
    """
    known = min(WEEKS, len(weekly_fen)) // RUN * RUN  # whole blocks alone, so that their mean lies between them
    if not known:
        return None
    weeks = list(weekly_fen[-known:])
    blocks = [sum(weeks[first : first + RUN]) for first in range(0, known, RUN)]
    total, fast, slow = sum(weeks), max(blocks), min(blocks)
    days = max(0, (year_end - today).days - 1)
    return Forecast(
        left_fen=left_fen,
        weeks=len(weeks),
        total_fen=total,
        fast_fen=fast,
        slow_fen=slow,
        on=_gone(left_fen, total, len(weeks), today),
        earliest=_gone(left_fen, fast, RUN, today),
        latest=_gone(left_fen, slow, RUN, today),
        end_fen=_rest(left_fen, total, len(weeks), days),
        end_low_fen=_rest(left_fen, fast, RUN, days),
        end_high_fen=_rest(left_fen, slow, RUN, days),
    )


def _gone(left_fen: int, spent_fen: int, weeks: int, today: date) -> date | None:
    if left_fen <= 0:
        return today
    if spent_fen <= 0:
        return None
    days = -(-left_fen * weeks * DAYS_A_WEEK // spent_fen)
    return today + timedelta(days=days) if days <= HORIZON_DAYS else None


def _rest(left_fen: int, spent_fen: int, weeks: int, days: int) -> int:
    return max(0, left_fen - spent_fen * days // (weeks * DAYS_A_WEEK))


def whole_weeks(first: date, today: date) -> int:
    """Give how many whole weeks there are from a day to the end of today."""
    return max(0, (today - first).days + 1) // DAYS_A_WEEK

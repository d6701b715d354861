"""A period is a run of Asia/Shanghai dates; a cap counts over one, a statement covers one.

Instants are timezone-aware UTC; which day or year an instant falls in is always asked in Asia/Shanghai, so
31 December 16:00 UTC already belongs to the next year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_DECEMBER = 12


def local_date(instant: datetime) -> date:
    """Give the Asia/Shanghai date of an aware instant.

    >>> local_date(datetime(2023, 12, 31, 16, tzinfo=UTC))
    datetime.date(2024, 1, 1)
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone says nothing; pass an aware datetime")
    return instant.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Give the UTC instant at which a Shanghai date begins.

    >>> start_of_day(date(2024, 1, 1)).isoformat()
    '2023-12-31T16:00:00+00:00'
    """
    return datetime.combine(day, time(), tzinfo=SHANGHAI).astimezone(UTC)


def local_minute(instant: datetime) -> str:
    """Write an instant as people read it: Shanghai's date and time, to the minute.

    >>> local_minute(datetime(2023, 12, 31, 16, tzinfo=UTC))
    '2024-01-01 00:00'
    """
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Dates from ``first`` up to and without ``end`` (half open)."""

    first: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.first:
            raise ValueError(f"a period must end after it begins, not {self.first} to {self.end}")

    @property
    def last(self) -> date:
        """The last date inside."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many dates it covers."""
        return (self.end - self.first).days

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day < self.end

    def common(self, other: Period) -> Period | None:
        """Give the dates in both, or None.

        >>> year(2023).common(month(2023, 2)) == month(2023, 2)
        True
        """
        first, end = max(self.first, other.first), min(self.end, other.end)
        return Period(first, end) if first < end else None

    def name(self) -> str:
        """Name it the short way: ``2023``, ``2023-02`` or both dates.

        >>> month(2023, 2).name(), Period(date(2023, 1, 5), date(2023, 1, 8)).name()
        ('2023-02', '2023-01-05..2023-01-07')
        """
        if self == year(self.first.year):
            return f"{self.first.year}"
        if self == month(self.first.year, self.first.month):
            return f"{self.first:%Y-%m}"
        return f"{self.first}..{self.last}"


def year(number: int) -> Period:
    """Give the calendar year."""
    return Period(date(number, 1, 1), date(number + 1, 1, 1))


def month(number: int, which: int) -> Period:
    """Give one month of a year.

    >>> month(2023, 12).end
    datetime.date(2024, 1, 1)
    """
    end = date(number + 1, 1, 1) if which == _DECEMBER else date(number, which + 1, 1)
    return Period(date(number, which, 1), end)


def months_later(day: date, months: int) -> date:
    """Give the same day so many months on, or the month's last day where it has none.

    >>> months_later(date(2023, 8, 31), 6)
    datetime.date(2024, 2, 29)
    """
    index = day.year * 12 + day.month - 1 + months
    whole = month(index // 12, index % 12 + 1)
    return min(whole.last, whole.first + timedelta(days=day.day - 1))

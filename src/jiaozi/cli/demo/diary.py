"""What happened before today, in its order: every act is noted for its instant and done by the verb that does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from jiaozi.kernel.period import Period, local_date, month, start_of_day

Act = Callable[[datetime], None]
"""Does something as of the instant that it is given."""
_OPENED, _BEGUN = (11, 3), (1, 2)
"""The programme was opened on this day of last year, and this year's applications began on that."""
_ON_THE_WAY, _LAST_DAYS = timedelta(days=15), 28
"""From an application to its voucher at most, public notice and weekends included; the last were so many days ago."""
_SATURDAY, _MORNING_H, _OFFICE_MINUTES = 5, 9, 50


class Diary:
    """Acts by instant; one may note what follows from it. What would come after ``now`` does not come."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._noted: list[tuple[datetime, int, Act]] = []
        self._serial = count()

    @property
    def year(self) -> int:
        """The year that is played: this one, as soon as an application of its first days can have led to a voucher."""
        return local_date(self.now - _ON_THE_WAY).year

    @property
    def opened(self) -> datetime:
        """When the programme was opened: in the last weeks of the year before."""
        return self.on(date(self.year - 1, *_OPENED))

    @property
    def begun(self) -> datetime:
        """When the year's applications began."""
        return self.on(date(self.year, *_BEGUN))

    def note(self, at: datetime, act: Act) -> None:
        """Note an act for an instant."""
        heappush(self._noted, (at, next(self._serial), act))

    def play(self, told: Callable[[datetime], None]) -> None:
        """Do everything up to now in its order, and what follows from it; ``told`` hears of each instant."""
        while self._noted and self._noted[0][0] <= self.now:
            at, _, act = heappop(self._noted)
            told(at)
            act(at)

    def ago(self, days: int) -> datetime:
        """Give an instant so many days ago."""
        return self.now - timedelta(days=days)

    def on(self, day: date, hour: int = _MORNING_H, minute: int = 0) -> datetime:
        """Give an hour of a day in Shanghai."""
        return start_of_day(day) + timedelta(hours=hour, minutes=minute)

    def spread(self, fraction: float) -> datetime:
        """Give the place of a fraction of the year's applications, the last a month ago."""
        at = self.begun + (max(self.begun, self.ago(_LAST_DAYS)) - self.begun) * fraction
        return self.on(_working(local_date(at)), minute=int(fraction * 1_000) % _OFFICE_MINUTES)

    def later(self, at: datetime, days: int, hour: int) -> datetime:
        """Give an hour of the working day so many days after another."""
        return self.on(_working(local_date(at) + timedelta(days=days)), hour, at.minute)

    def weeks(self) -> list[datetime]:
        """Give the Monday mornings since the programme was opened."""
        first = local_date(self.opened)
        first += timedelta(days=7 - first.weekday())
        today = local_date(self.now)
        return [self.on(first + timedelta(days=days), 8) for days in range(0, (today - first).days + 1, 7)]

    def months(self) -> list[Period]:
        """Give the months that are over, from the one in which the programme was opened."""
        found, this = [], local_date(self.opened)
        while (whole := month(this.year, this.month)).end <= local_date(self.now):
            found.append(whole)
            this = whole.end
        return found


def _working(day: date) -> date:
    """Give the day, or the Monday after it."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= _SATURDAY else day

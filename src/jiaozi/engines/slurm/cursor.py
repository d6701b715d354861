"""How far usage was read, so that a record that reaches accounting late is found and none is given twice for nothing.

Slurm's accounting can be late by hours: the controller keeps what it could not deliver and sends it later, with the old
end time. No place in the list of end times is therefore ever finished. Two readings share the work:

- **forward**: from the last end time given, less an overlap of ten minutes, on. What was given is left out by a mark.
- **sweep**: day by day around the last month, one day a minute. The cursor has, for each hour, the sum of the marks
  that were given; an hour in accounting with another sum holds something late, and is given again as a whole. The
  meter knows the same record when it sees it again, so that repeating is harmless and forgetting would not be.

End times are the cluster's, and only compared with each other: a wrong clock on either side loses nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from jiaozi.order.ports import UnableToReadUsage

OVERLAP_S = 600
_HOUR_S = 3_600
_HOURS_PER_DAY = 24
_MARK_BITS = 40


@dataclass(frozen=True, slots=True)
class Found:
    """A record in accounting, as far as reading it is concerned."""

    record_id: str
    end_s: int

    @property
    def mark(self) -> int:
        """A short name of the record."""
        return int.from_bytes(hashlib.sha256(self.record_id.encode()).digest()[: _MARK_BITS // 8], "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where reading stands.

    Attributes
    ----------
    upto_s
        The last end time given.
    seen
        Marks of what was given at or after ``upto_s`` less the overlap.
    hours
        Hour of the epoch → sum of the marks that were given of it.
    swept_day, swept_at_s
        Which day of the epoch the sweep looked at last, and when.
    """

    upto_s: int = 0
    seen: frozenset[int] = frozenset()
    hours: dict[int, int] = field(default_factory=dict)
    swept_day: int = 0
    swept_at_s: int = 0

    @property
    def since_s(self) -> int:
        """From where the forward reading asks."""
        return max(0, self.upto_s - OVERLAP_S)


def forward(
    cursor: Cursor, found: Iterable[Found], *, page: int, cut_s: int | None = None
) -> tuple[list[Found], Cursor, bool]:
    """Choose what to give of the records since ``cursor.since_s``: the oldest new ones, at most a page.

    Gives them, the cursor after them, and whether there are more. ``cut_s`` says that what was found goes only so far.
    """
    present = sorted(
        (each for each in found if each.end_s >= cursor.since_s), key=lambda each: (each.end_s, each.record_id)
    )
    fresh = [each for each in present if each.mark not in cursor.seen]
    given = fresh[:page]
    if not given and cut_s is None:
        return [], cursor, False
    upto_s = max(cursor.upto_s, given[-1].end_s if given else 0)
    if cut_s is not None and len(fresh) <= page:
        upto_s = max(upto_s, cut_s)
    known = cursor.seen | {each.mark for each in given}
    seen = frozenset(each.mark for each in present if each.mark in known and each.end_s >= upto_s - OVERLAP_S)
    moved = replace(cursor, upto_s=upto_s, seen=seen, hours=_added(cursor.hours, given))
    return given, moved, len(fresh) > page or cut_s is not None


def next_day(cursor: Cursor, *, late_days: int) -> int:
    """Give the day of the epoch that the sweep looks at next: around the last ``late_days`` up to what was read."""
    last = cursor.since_s // (_HOUR_S * _HOURS_PER_DAY)
    first = max(0, last - late_days)
    return cursor.swept_day + 1 if first <= cursor.swept_day < last else first


def day_span_s(day: int) -> tuple[int, int]:
    """Give the first second of a day of the epoch, and the first after it."""
    length = _HOUR_S * _HOURS_PER_DAY
    return day * length, (day + 1) * length


def sweep(
    cursor: Cursor, day: int, found: Iterable[Found], *, now_s: int, late_days: int
) -> tuple[list[Found], Cursor]:
    """Choose what to give of a day's records: every hour whose sum is not the one that was given.

    Hours that the forward reading still looks at are left to it.
    """
    start_s, end_s = day_span_s(day)
    by_hour: dict[int, list[Found]] = {}
    for each in found:
        if start_s <= each.end_s < min(end_s, cursor.since_s):
            by_hour.setdefault(each.end_s // _HOUR_S, []).append(each)
    closed = cursor.since_s // _HOUR_S  # the hour in which since_s falls is not whole yet
    differing = {
        hour: sum(each.mark for each in present)
        for hour, present in by_hour.items()
        if hour < closed and sum(each.mark for each in present) != cursor.hours.get(hour, 0)
    }
    oldest = (day_span_s(cursor.since_s // (_HOUR_S * _HOURS_PER_DAY))[0] // _HOUR_S) - late_days * _HOURS_PER_DAY
    hours = {hour: total for hour, total in {**cursor.hours, **differing}.items() if hour >= oldest}
    given = [each for hour in sorted(differing) for each in by_hour[hour]]
    return given, replace(cursor, hours=hours, swept_day=day, swept_at_s=now_s)


def _added(hours: dict[int, int], given: Iterable[Found]) -> dict[int, int]:
    sums = dict(hours)
    for each in given:
        hour = each.end_s // _HOUR_S
        sums[hour] = sums.get(hour, 0) + each.mark
    return sums


def write(cursor: Cursor) -> str:
    """Give a cursor as the text that the meter keeps."""
    return json.dumps(
        {
            "slurm": 1,
            "upto": cursor.upto_s,
            "seen": sorted(cursor.seen),
            "hours": {str(hour): total for hour, total in sorted(cursor.hours.items())},
            "swept": [cursor.swept_day, cursor.swept_at_s],
        },
        separators=(",", ":"),
    )


def read(text: str) -> Cursor:
    """Read a cursor; the empty text is the beginning.

    Raises
    ------
    UnableToReadUsage
        When it is none of this engine's.
    """
    if not text:
        return Cursor()
    try:
        words = json.loads(text)
        if words["slurm"] != 1:
            raise ValueError  # noqa: TRY301 - one refusal for every wrong form
        return Cursor(
            upto_s=int(words["upto"]),
            seen=frozenset(int(mark) for mark in words["seen"]),
            hours={int(hour): int(total) for hour, total in words["hours"].items()},
            swept_day=int(words["swept"][0]),
            swept_at_s=int(words["swept"][1]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise UnableToReadUsage(
            "cursor_foreign",
            f"游标{text[:40]!r}不是本引擎给出的；从空游标重新读取",
            f"cursor {text[:40]!r} is none of this engine's; read again from the empty one",
            field="cursor",
        ) from None

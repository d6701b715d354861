"""How a programme's pools burn down: week by week, and the day on which one ran dry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from jiaozi.lab.rules.playing import Played
from jiaozi.policy.rules.caps import period_of
from jiaozi.policy.rules.many import Bools, CapOf, Ints, Many, bounding
from jiaozi.policy.rules.words import Measure, Subject

WEEK = 7


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of the programme: its limit, what was issued from it in the first period, on which day it ran dry.

    ``left_fen`` is what is left at the end of each week, of the period that the week ends in.
    """

    cap_id: str
    limit_fen: int
    issued_fen: int
    dry_day: int | None
    left_fen: tuple[int, ...]


def burned(made: Many, played: Played, first: int, days: int) -> list[Pool]:
    """Tell how every pool of the programme burned down, week by week of the play's years."""
    ends = [date.fromordinal(first + min(day, days) - 1) for day in range(WEEK, days + WEEK, WEEK)]
    found = []
    for cap in bounding(made):
        if cap.subject is not Subject.PROGRAMME or cap.measures is not Measure.ISSUED or not cap.counter:
            continue
        taken = _taken(made, played, cap.cap_id)
        limit = int(np.max(np.asarray(cap.limit)))
        keys = made.counters[cap.counter].keys
        mine = keys == keys[0]
        dry = mine & ((played.used[cap.counter] + taken >= limit) | _cut(made, played, cap.cap_id))
        dry_day = int(made.table.on[int(np.argmax(dry))]) - first if dry.any() else None
        left = _left_by_week(made, cap, limit - np.cumsum(taken), ends)
        found.append(Pool(cap.cap_id, limit, int(taken[mine].sum()), dry_day, left))
    return found


def _cut(made: Many, played: Played, cap_id: str) -> Bools:
    """Say which rows a pool cut: eligible for more than it left, by a clause whose other caps left more."""
    rows = np.zeros(made.table.count, dtype=bool)
    for one in made.weighed:
        pool = next((cap for cap in one.caps if cap.cap_id == cap_id), None)
        if pool is None or one.amount_fen is None:
            continue
        others = [cap for cap in one.caps if cap.bounds and cap.cap_id != cap_id]
        wanted = np.minimum(one.amount_fen, least_left(played, others))
        rows |= (one.reckoned == 0) & (least_left(played, [pool]) < wanted)
    return rows


def least_left(played: Played, caps: Sequence[CapOf]) -> Any:
    """Give the least that some caps leave each row; no cap leaves more than anybody wants."""
    left: Any = np.int64(2**62)
    for cap in caps:
        before = played.used[cap.counter] if cap.counter else 0
        mine = np.maximum(0, cap.limit - cap.besides - before)
        left = np.minimum(left, mine if cap.applies is None else np.where(cap.applies, mine, 2**62))
    return left


def _taken(made: Many, played: Played, cap_id: str) -> Ints:
    taken = np.zeros(made.table.count, dtype=np.int64)
    for place, one in enumerate(made.weighed):
        for cap in one.caps:
            if cap.cap_id == cap_id:
                amount = played.decided.chosen.pieces_fen[place]
                taken += amount if cap.applies is None else amount * cap.applies
    return taken


def _left_by_week(made: Many, cap: CapOf, left: Ints, ends: Sequence[date]) -> tuple[int, ...]:
    """Give what is left at each week's end of the period that it falls in; a new period begins with the whole limit.

    ``left`` is the limit less all that was taken up to each row, whatever its period.
    """
    per, month = made.document.programme.caps[cap.cap_id].per, made.document.programme.fiscal_year_month
    on, limit = made.table.on, int(np.max(np.asarray(cap.limit)))
    after = np.concatenate([[limit], left])
    weekly = []
    for end in ends:
        span = period_of(per, end, month)
        begin = int(np.searchsorted(on, span.first.toordinal())) if span else 0
        until = int(np.searchsorted(on, end.toordinal(), side="right"))
        weekly.append(limit - int(after[begin] - after[until]))
    return tuple(weekly)

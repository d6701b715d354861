"""Plays applications in the order in which they come: each is decided with what the ones before it took.

Every row is decided at once on a guess of what was taken before; what comes out is the next guess. A row is right as
soon as all before it are, so the first row that changes moves on with each round and the rounds end; in practice three
to six, since a cap that is used up stays so. Where they don't end soon, the rows that stand fast are left alone and the
rest is played in shorter stretches.

Cost: a round is about 10 passes over the rows a clause and one sorted sum a counter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jiaozi.policy.rules.many import GRANTED, Alone, Decided, Ints, Many

ROUNDS_MAX = 24
STRETCH_LEAST = 64


@dataclass(frozen=True, slots=True)
class Entitled:
    """What each row would get if nobody had taken anything before: amount, clause and first reason of a refusal."""

    amount_fen: Ints
    clause: NDArray[np.int16]
    reason: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Played:
    """How a year was decided, what each counter had used before each row, and what each row was entitled to alone."""

    decided: Decided
    used: Mapping[str, Ints]
    entitled: Entitled
    rounds: int


class Sum:
    """Sums up what rows of one key took before each of them."""

    def __init__(self, keys: Ints) -> None:
        self._order = None if np.all(keys[:-1] <= keys[1:]) else np.argsort(keys, kind="stable")
        sorted_keys = keys if self._order is None else keys[self._order]
        new = np.ones(len(keys), dtype=bool)
        new[1:] = sorted_keys[1:] != sorted_keys[:-1]
        self._first = np.flatnonzero(new)
        self._lengths = np.diff(np.append(self._first, len(keys)))

    def before(self, taken: Ints) -> Ints:
        """Give for each row what the rows of its key before it took."""
        mine = taken if self._order is None else taken[self._order]
        total = np.cumsum(mine) - mine
        total -= np.repeat(total[self._first], self._lengths)
        if self._order is None:
            return total
        spread = np.empty_like(total)
        spread[self._order] = total
        return spread


def play(made: Many) -> Played:
    """Decide every row in order."""
    count = made.table.count
    sums = {name: Sum(counter.keys) for name, counter in made.counters.items()}
    taken = {name: np.zeros(count, dtype=np.int64) for name in sums}
    used = {name: np.zeros(count, dtype=np.int64) for name in sums}
    decided = made.decide(used)
    free = decided.chosen
    entitled = Entitled(free.amount_fen, free.clause.copy(), free.reason.copy())
    begin, stretch, rounds = 0, count, 0
    while begin < count:
        end = min(count, begin + stretch)
        sure, spent = _rounds(made, (begin, end), sums, taken, (decided, used))
        rounds += spent
        stretch = max(STRETCH_LEAST, min(stretch, (sure - begin) * 4)) if sure < end else max(stretch, count // 8)
        begin = sure
    return Played(decided, used, entitled, rounds)


def _rounds(
    made: Many,
    rows: tuple[int, int],
    sums: Mapping[str, Sum],
    taken: dict[str, Ints],
    into: tuple[Decided, dict[str, Ints]],
) -> tuple[int, int]:
    """Decide a stretch until nothing changes, or for a while; give the first row that is not sure, and the rounds."""
    begin, end = rows
    decided, used = into
    changed = begin
    for spent in range(1, ROUNDS_MAX + 1):
        part = slice(begin, end)
        before = {name: one.before(taken[name])[part] for name, one in sums.items()}
        again = made.decide(before, begin, end)
        took = takes(made, again, part)
        wrong = np.zeros(end - begin, dtype=bool)
        for name, amounts in took.items():
            wrong |= taken[name][part] != amounts
            taken[name][part] = amounts
            used[name][part] = before[name]
        _copy(again, decided, part)
        if not wrong.any():
            return end, spent
        changed = begin + int(np.argmax(wrong)) + 1
    return changed, ROUNDS_MAX


def takes(made: Many, decided: Decided, rows: slice) -> dict[str, Ints]:
    """Give what each row takes of each counter: its amount of the caps it stands under, one of a one-off."""
    count = len(decided.chosen.outcome)
    took = {name: np.zeros(count, dtype=np.int64) for name in made.counters}
    granted = decided.chosen.outcome == GRANTED
    for place, one in enumerate(made.weighed):
        amount = decided.chosen.pieces_fen[place]
        for cap in one.caps:
            if cap.counter:
                took[cap.counter] += amount if cap.applies is None else amount * cap.applies[rows]
        if one.once:
            took[one.once.counter] += granted & (decided.chosen.clause == place)
    return took


def _copy(part: Decided, into: Decided, rows: slice) -> None:
    chosen, whole = part.chosen, into.chosen
    whole.outcome[rows], whole.clause[rows], whole.reason[rows] = chosen.outcome, chosen.clause, chosen.reason
    whole.pieces_fen[:, rows] = chosen.pieces_fen
    for mine, all_ in zip(part.alone, into.alone, strict=True):
        _copy_alone(mine, all_, rows)


def _copy_alone(part: Alone, into: Alone, rows: slice) -> None:
    into.granted[rows], into.amount_fen[rows], into.reason[rows] = part.granted, part.amount_fen, part.reason


def take_in_order(wanted: Ints, limits: list[tuple[Sum, Ints]]) -> Ints:
    """Let rows take in order what they want, each under what is left of all its limits; to the fen."""
    taken = np.minimum(wanted, np.min([limit for _sum, limit in limits], axis=0)) if limits else wanted
    for _round in range(len(wanted) + 1):
        left = [np.maximum(0, limit - one.before(taken)) for one, limit in limits]
        again = np.minimum(wanted, np.min(left, axis=0)) if left else wanted
        if np.array_equal(again, taken):
            break
        taken = again
    return taken

"""From prices to whole jobs.

Every request takes the option that it wishes at the prices. Where a cell is overfull, those who lose least give way,
and are placed largest first into what is left. What is free at the end draws whoever gains most from moving there. No
cell is ever overfull, no job is split.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jiaozi.dispatch.rules.planning.dual import BLOCKED, Field, Floats, Ints, Singles, option_prices

IDLE = -1
"""The option of a request that the plan doesn't serve."""

_MOVES = 8
_TRIED = 24
_NEAR = 7.0
"""Options further than so many temperatures from the best are not wished for."""


class Places:
    """The growing plan: which option each row has, and what room is left; keeps ``room >= 0`` at every step."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.m, self.blocks = field.room.shape
        self.room: Floats = field.room.copy()
        self.option: Ints = np.full(field.units.size, IDLE, dtype=np.int64)
        self.span: Ints = np.zeros(field.units.size, dtype=np.int64)
        for span, first, end in field.spans:
            self.span[first:end] = span

    def fits(self, row: int, option: int) -> bool:
        """Say whether the row's whole run has room there."""
        centre, start = divmod(option, self.blocks)
        if self.span[row] == 1:
            return bool(self.room[centre, start] >= self.field.units[row])
        run = self.room[centre, start : start + self.span[row]]
        return bool(run.size == self.span[row] and run.min() >= self.field.units[row])

    def take(self, row: int, option: int) -> None:
        """Put a row there."""
        centre, start = divmod(option, self.blocks)
        self.room[centre, start : start + self.span[row]] -= self.field.units[row]
        self.option[row] = option

    def leave(self, row: int) -> None:
        """Take a row from its place."""
        centre, start = divmod(int(self.option[row]), self.blocks)
        self.room[centre, start : start + self.span[row]] += self.field.units[row]
        self.option[row] = IDLE

    def open_units(self, span: int) -> Floats:
        """Give, for each option, the units that are free for a whole run: (m·T,)."""
        room, last = self.room, self.blocks - span
        if span == 1:
            return room.ravel()
        free = np.full((self.m, self.blocks), -1.0)
        if last >= 0:
            windows = np.lib.stride_tricks.sliding_window_view(room, span, axis=1)
            free[:, : last + 1] = windows.min(axis=2)
        return free.ravel()


def rounded(field: Field, prices: Floats, tau: float, enough: Callable[[], bool]) -> Ints:
    """Give each row's option, ``IDLE`` for those not served."""
    places = Places(field)
    wish, regret = _wishes(field, prices, max(tau, 1e-9))
    _settle(places, np.flatnonzero(wish != IDLE), wish, regret)
    waiting = np.flatnonzero(places.option == IDLE)
    size = field.units[waiting] * places.span[waiting]
    _fill(places, waiting[np.lexsort((waiting, -regret[waiting], -size))], prices)
    for _ in range(_MOVES):
        if enough() or not _draw(places):
            break
    return places.option


def _wishes(field: Field, prices: Floats, tau: float) -> tuple[Ints, Singles]:
    """Give each row's option, and how much per unit it loses with another.

    Who has one option near the best takes it. Among several the softened choice says how much of every cell's room the
    rows want together; each row takes the one whose wants are furthest from being met, so that sums come out right.
    """
    cells = field.score.shape[1]
    wish = np.full(field.units.size, IDLE, dtype=np.int64)
    regret = np.zeros(field.units.size, dtype=np.float32)
    want = np.zeros(cells + 1)
    for span, rows in field.chunks():
        n = rows.stop - rows.start
        reduced = np.empty((n, cells + 1), dtype=np.float32)
        reduced[:, :cells] = field.score[rows] + option_prices(prices, span).ravel().astype(np.float32)
        reduced[:, cells] = field.idle[rows]
        each = np.arange(n)
        choice = reduced.argmin(axis=1)
        best = reduced[each, choice]
        near = reduced < (best + np.float32(_NEAR * tau))[:, None]
        torn = np.flatnonzero(near.sum(axis=1) > 1)
        row, option = np.nonzero(near[torn])
        weight = np.exp((best[torn][row] - reduced[torn[row], option]) / np.float32(tau)).astype(np.float64)
        first = np.searchsorted(row, np.arange(torn.size + 1))
        units = field.units[rows][torn]
        for at, size in enumerate(units.tolist()):
            mine = option[first[at] : first[at + 1]]
            part = weight[first[at] : first[at + 1]]
            want[mine] += part * (size / part.sum())
            taken = mine[want[mine].argmax()]
            want[taken] -= size
            choice[torn[at]] = taken
        reduced[each, choice] = BLOCKED
        regret[rows] = reduced.min(axis=1) - best
        wish[rows] = np.where(choice == cells, IDLE, choice)
    return wish, regret


def _settle(places: Places, rows: Ints, first: Ints, regret: Singles) -> None:
    """Place all sure rows at once, then let those with the least regret leave what is overfull."""
    field = places.field
    for span in np.unique(places.span[rows]):
        mine = rows[places.span[rows] == span]
        starts = np.bincount(first[mine], weights=field.units[mine], minlength=places.room.size)
        starts = starts.reshape(places.m, places.blocks)
        for later in range(int(span)):
            places.room[:, later:] -= starts[:, : places.blocks - later]
    places.option[rows] = first[rows]
    over = set(np.flatnonzero((places.room < 0).any(axis=1)).tolist())
    if not over:
        return
    crowded = rows[np.isin(first[rows] // places.blocks, list(over))]
    for row in crowded[np.lexsort((crowded, regret[crowded]))].tolist():
        centre, start = divmod(int(first[row]), places.blocks)
        if centre in over and (places.room[centre, start : start + places.span[row]] < 0).any():
            places.leave(row)
            if (places.room[centre] >= 0).all():
                over.discard(centre)


def _fill(places: Places, order: Ints, prices: Floats) -> None:
    """Place rows one by one at the cheapest option, prices counted, that still has room for them."""
    field = places.field
    costs = {span: option_prices(prices, span).ravel().astype(np.float32) for span, _, _ in field.spans}
    for row in order.tolist():
        reduced = field.score[row] + costs[int(places.span[row])]
        option = int(reduced.argmin())
        if reduced[option] > field.idle[row]:
            continue
        if not places.fits(row, option):
            option = _elsewhere(places, row, reduced)
        if option != IDLE:
            places.take(row, option)


def _elsewhere(places: Places, row: int, reduced: Singles) -> int:
    """Find the cheapest option with room: among the nearest first, then among all; not past the worth of serving."""
    few = min(_TRIED, reduced.size) if places.blocks > 1 else 0
    near = np.argpartition(reduced, few - 1)[:few] if few else np.empty(0, dtype=np.int64)
    for option in near[np.lexsort((near, reduced[near]))].tolist():
        if places.fits(row, option):
            return option if places.field.score[row, option] < places.field.idle[row] else IDLE
    free = places.open_units(int(places.span[row])) >= places.field.units[row]
    allowed = np.where(free, reduced, BLOCKED)
    option = int(allowed.argmin())
    return option if allowed[option] < BLOCKED and places.field.score[row, option] < places.field.idle[row] else IDLE


def _draw(places: Places) -> bool:
    """Let rows move to where they cost less and room is left, the largest gain first; say whether any did."""
    field = places.field
    rows_found, options_found, gains_found = [], [], []
    for span, rows in field.chunks():
        free, units = places.open_units(span).astype(np.float32), field.units[rows].astype(np.float32)
        useful = np.flatnonzero(free >= units.min())
        if not useful.size:
            continue
        offered = np.where(free[useful] >= units[:, None], field.score[rows][:, useful], BLOCKED)
        each = np.arange(units.size)
        choice = offered.argmin(axis=1)
        now = np.where(
            places.option[rows] == IDLE, field.idle[rows], field.score[rows][each, np.maximum(places.option[rows], 0)]
        )
        gain = (now - offered[each, choice]) * units
        better = np.flatnonzero(gain > np.maximum(now * units * np.float32(1e-6), np.float32(1e-3)))
        rows_found.append(better + rows.start)
        options_found.append(useful[choice[better]])
        gains_found.append(gain[better])
    if not rows_found:
        return False
    row, option, gain = (np.concatenate(each) for each in (rows_found, options_found, gains_found))
    moved = False
    for at in np.lexsort((row, -gain)).tolist():
        if places.fits(int(row[at]), int(option[at])):
            if places.option[row[at]] != IDLE:
                places.leave(int(row[at]))
            places.take(int(row[at]), int(option[at]))
            moved = True
    return moved

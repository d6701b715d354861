"""Measures one play of one version: by week, by class and size, by pool, and why demand went unmet. All sums in fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from jiaozi.kernel.fen import UFEN_PER_FEN
from jiaozi.lab.rules.concentration import Concentration, concentration
from jiaozi.lab.rules.demand import DAYS_OF_A_YEAR, Demand
from jiaozi.lab.rules.playing import Played
from jiaozi.lab.rules.pooling import WEEK, Pool, burned, least_left
from jiaozi.lab.rules.scenario import Scenario
from jiaozi.lab.rules.using import Spent
from jiaozi.policy.rules.many import BY_HAND, CODES, Bools, Ints, Many
from jiaozi.policy.rules.words import Grant, Subject


class Fate(StrEnum):
    """What became of an application, told by what stood in its way."""

    FULL = "FULL"
    CUT_HOLDER = "CUT_HOLDER"
    CUT_POOL = "CUT_POOL"
    NONE_HOLDER = "NONE_HOLDER"
    NONE_POOL = "NONE_POOL"
    BY_HAND = "BY_HAND"
    REFUSED = "REFUSED"


FATES = tuple(Fate)


@dataclass(frozen=True, slots=True)
class Cell:
    """One class and size: how many applied and received, what was needed, due, granted and used."""

    holders: int
    receivers: int
    applications: int
    cost_fen: int
    entitled_fen: int
    granted_fen: int
    used_fen: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One play of one version."""

    applications: int
    holders: int
    receivers: int
    cost_fen: int
    uncapped_fen: int
    entitled_fen: int
    granted_fen: int
    used_fen: int
    lapsed_fen: int
    bought_fen: int
    core_hours: int
    concentration: Concentration
    issued_by_week: tuple[int, ...]
    used_by_week: tuple[int, ...]
    lapsed_by_week: tuple[int, ...]
    pools: tuple[Pool, ...]
    cells: tuple[tuple[Cell, ...], ...]
    fates: tuple[int, ...]
    unmet_fen: tuple[int, ...]
    reasons: tuple[tuple[str, int], ...]
    slow: int
    rounds: int

    @property
    def unmet_all_fen(self) -> int:
        """What those entitled did not get."""
        return self.entitled_fen - self.granted_fen


def weeks_of(scenario: Scenario, tail_days: int) -> int:
    """Count the weeks of a play, until the last voucher ended."""
    return -(-(scenario.years * DAYS_OF_A_YEAR + tail_days) // WEEK)


def measure(
    scenario: Scenario, begin: date, demand: Demand, decided: tuple[Many, Played], spent: Sequence[Spent]
) -> Measured:
    """Measure a play."""
    made, played = decided
    chosen = played.decided.chosen
    granted, entitled = chosen.amount_fen, played.entitled.amount_fen
    used, lapsed, bought = _by_row(spent, demand.count)
    first = begin.toordinal()
    last = max([int(one.ends.max()) + 1 for one in spent], default=first)
    weeks = max(weeks_of(scenario, 0), (last - first) // WEEK + 1)
    fate = fates(made, played)
    received = np.zeros(demand.holders, dtype=np.int64)
    np.add.at(received, demand.holder, granted)
    refused = fate == FATES.index(Fate.REFUSED)
    reasons = np.bincount(played.entitled.reason[refused], minlength=len(CODES))
    unmet = np.maximum(entitled - granted, 0)
    vouchers = [one for one in spent if _of_vouchers(made, one)]
    bought_all = int(bought.sum())
    return Measured(
        applications=demand.count,
        holders=_different(demand.holders, demand.holder),
        receivers=int((received > 0).sum()),
        cost_fen=int(demand.cost_fen.sum()),
        uncapped_fen=_uncapped(made, played),
        entitled_fen=int(entitled.sum()),
        granted_fen=int(granted.sum()),
        used_fen=int(used.sum()),
        lapsed_fen=int(lapsed.sum()),
        bought_fen=bought_all,
        core_hours=bought_all * UFEN_PER_FEN // scenario.price.core_hour,
        concentration=concentration(received),
        issued_by_week=_by_week(weeks, first, made.table.on, granted),
        used_by_week=_sum_weeks(weeks, first, [(one.on.ravel(), one.paid_fen.ravel()) for one in spent]),
        lapsed_by_week=_sum_weeks(
            weeks, first, [(one.ends + 1, one.face_fen - one.paid_fen.sum(axis=1)) for one in vouchers]
        ),
        pools=tuple(burned(made, played, first, scenario.years * DAYS_OF_A_YEAR)),
        cells=_cells(scenario, demand, granted, entitled, used),
        fates=tuple(int((fate == place).sum()) for place in range(len(FATES))),
        unmet_fen=tuple(int(unmet[fate == place].sum()) for place in range(len(FATES))),
        reasons=tuple((CODES[place], int(many)) for place, many in enumerate(reasons) if many),
        slow=made.slow,
        rounds=played.rounds,
    )


def _different(holders: int, holder: Ints) -> int:
    """Count the holders that are there, each once."""
    there = np.zeros(holders, dtype=bool)
    there[holder] = True
    return int(there.sum())


def _uncapped(made: Many, played: Played) -> int:
    """Sum up what the clauses that grants rest on come to before any cap."""
    total = 0
    for place, one in enumerate(made.weighed):
        if one.amount_fen is not None:
            mine = (played.entitled.clause == place) & (played.entitled.amount_fen > 0)
            total += int(one.amount_fen[mine].sum())
    return total


def _of_vouchers(made: Many, spent: Spent) -> bool:
    return made.document.clause(spent.clause).grants is not Grant.AWARD


def _by_row(spent: Sequence[Spent], count: int) -> tuple[Ints, Ints, Ints]:
    """Give what was used, lapsed and bought with on each application."""
    used, lapsed, bought = (np.zeros(count, dtype=np.int64) for _ in range(3))
    for one in spent:
        paid = one.paid_fen.sum(axis=1)
        used[one.row] += paid
        lapsed[one.row] += one.face_fen - paid
        bought[one.row] += one.bought_fen.sum(axis=1)
    return used, lapsed, bought


def _by_week(weeks: int, first: int, on: Ints, fen: Ints) -> tuple[int, ...]:
    sums = np.zeros(weeks, dtype=np.int64)
    inside = fen != 0
    np.add.at(sums, np.clip((on[inside] - first) // WEEK, 0, weeks - 1), fen[inside])
    return tuple(sums.tolist())


def _sum_weeks(weeks: int, first: int, parts: Sequence[tuple[Ints, Ints]]) -> tuple[int, ...]:
    rows = [_by_week(weeks, first, on, fen) for on, fen in parts] or [(0,) * weeks]
    return tuple(sum(week) for week in zip(*rows, strict=True))


def fates(made: Many, played: Played) -> Ints:
    """Tell what became of each row.

    A row that got less than it was entitled to was bound by whichever of its caps left least; the pool where they
    leave the same.
    """
    chosen, entitled = played.decided.chosen, played.entitled
    granted = chosen.amount_fen
    by_pool = _bound_by_pool(made, played)
    short, some = granted < entitled.amount_fen, granted > 0
    fate = np.full(len(granted), FATES.index(Fate.REFUSED), dtype=np.int64)
    for name, rows in (
        (Fate.FULL, (entitled.amount_fen > 0) & ~short),
        (Fate.CUT_HOLDER, short & some & ~by_pool),
        (Fate.CUT_POOL, short & some & by_pool),
        (Fate.NONE_HOLDER, short & ~some & ~by_pool),
        (Fate.NONE_POOL, short & ~some & by_pool),
        (Fate.BY_HAND, (chosen.outcome == BY_HAND) & (entitled.amount_fen == 0)),
    ):
        fate[rows] = FATES.index(name)
    return fate


def _bound_by_pool(made: Many, played: Played) -> Bools:
    bound = np.zeros(made.table.count, dtype=bool)
    for place, one in enumerate(made.weighed):
        mine = played.entitled.clause == place
        caps = [cap for cap in one.caps if cap.bounds and cap.counter]
        pools = [cap for cap in caps if cap.subject is Subject.PROGRAMME]
        others = [cap for cap in caps if cap.subject is not Subject.PROGRAMME]
        if mine.any() and pools:
            bound |= mine & (least_left(played, pools) <= least_left(played, others))
    return bound


def _cells(
    scenario: Scenario, demand: Demand, granted: Ints, entitled: Ints, used: Ints
) -> tuple[tuple[Cell, ...], ...]:
    """Sum up by class and size."""
    sizes = len(scenario.sizes)
    place = demand.kind * sizes + demand.size
    cells = []
    for number in range(len(scenario.classes) * sizes):
        rows = place == number
        sums = [int(column[rows].sum()) for column in (demand.cost_fen, entitled, granted, used)]
        holders = _different(demand.holders, demand.holder[rows])
        receivers = _different(demand.holders, demand.holder[rows & (granted > 0)])
        cells.append(Cell(holders, receivers, int(rows.sum()), *sums))
    return tuple(tuple(cells[n * sizes : (n + 1) * sizes]) for n in range(len(scenario.classes)))

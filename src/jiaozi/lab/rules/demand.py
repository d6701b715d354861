"""Demand: applications in the order in which they come, and what would be bought with each if it were granted.

What a sum or a day is made of by chance stays a whole fen and a whole day; nothing here is anybody's money yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jiaozi.lab.rules.scenario import Scenario, Triangle, Use
from jiaozi.policy.rules.many import Column, Ints
from jiaozi.policy.rules.words import Kind

DAYS_OF_A_YEAR = 365
ROWS_MAX = 5_000_000
PURCHASES_MAX = 40_000_000
"""Applications times purchases that are kept at once, 16 bytes each."""


class Numbered(Sequence[str]):
    """Names like ``h-17``, made only when somebody asks."""

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix, self._count = prefix, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        return f"{self._prefix}-{place + 1}"


@dataclass(frozen=True, slots=True)
class Demand:
    """What one seed asks for.

    Attributes
    ----------
    day
        Days from the start of the play, ascending.
    holder, kind, size
        Codes: of the holder, into the scenario's classes, into its sizes.
    cost_fen
        The need declared.
    bought_fen, bought_after
        Applications by purchases: what each purchase costs and how many days after the decision it is made.
    attributes
        Further columns.
    """

    day: Ints
    holder: Ints
    holders: int
    kind: Ints
    size: Ints
    cost_fen: Ints
    bought_fen: Ints
    bought_after: Ints
    attributes: Mapping[str, Column]

    @property
    def count(self) -> int:
        """How many applications there are."""
        return len(self.day)

    def column(self, name: str, scenario: Scenario) -> Column | None:
        """Give a column by the name that a scenario calls it."""
        made = {
            "holder": lambda: Column(Kind.TEXT, self.holder, Numbered("h", self.holders)),
            "application": lambda: Column(Kind.TEXT, np.arange(self.count), Numbered("a", self.count)),
            "class": lambda: Column(Kind.TEXT, self.kind, tuple(scenario.classes)),
            "size": lambda: Column(Kind.TEXT, self.size, tuple(scenario.sizes)),
            "cost": lambda: Column(Kind.MONEY, self.cost_fen),
        }
        return made[name]() if name in made else self.attributes.get(name)


def triangular(chance: np.random.Generator, shape: Triangle, size: tuple[int, ...]) -> np.ndarray:
    """Draw shares between two bounds."""
    low, mode, high = float(shape.since), float(shape.mode), float(shape.to)
    if low == high:
        return np.full(size, low)
    return chance.triangular(low, mode, high, size)


def purchases(chance: np.random.Generator, use: Use, cost_fen: Ints) -> tuple[Ints, Ints]:
    """Draw what is bought with each application: a share of the need, in so many equal purchases, on days of chance.

    The last purchase takes the fen that don't divide.
    """
    count, parts = len(cost_fen), use.purchases
    share = triangular(chance, use.bought, (count,))
    share[chance.random(count) < float(use.never)] = 0
    total = np.rint(cost_fen * share).astype(np.int64)
    each = np.repeat((total // parts)[:, None], parts, axis=1)
    each[:, -1] += total % parts
    days = chance.exponential(use.mean_days, (count, parts)).astype(np.int64)
    days.sort(axis=1)
    return each, days


def sized(scenario: Scenario, holder: Ints, cost_fen: Ints, holders: int) -> Ints:
    """Tell each holder's size by what it needs in all: the first size whose bound it does not pass."""
    needs = np.zeros(holders, dtype=np.int64)
    np.add.at(needs, holder, cost_fen)
    bounds = np.array([size.to for size in scenario.sizes.values() if size.to is not None], dtype=np.int64)
    places: Ints = np.searchsorted(bounds, needs, side="left")
    return places[holder]


def in_order(demand: Demand) -> Demand:
    """Put applications in the order in which they come; those of one day keep theirs."""
    order = np.argsort(demand.day, kind="stable")
    attributes = {
        name: Column(one.kind, one.values[order], one.words, None if one.given is None else one.given[order])
        for name, one in demand.attributes.items()
    }
    return Demand(
        demand.day[order],
        demand.holder[order],
        demand.holders,
        demand.kind[order],
        demand.size[order],
        demand.cost_fen[order],
        demand.bought_fen[order],
        demand.bought_after[order],
        attributes,
    )

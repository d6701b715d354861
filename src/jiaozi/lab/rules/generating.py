"""Demand drawn from stated distributions, by a generator that its seed alone decides."""

from __future__ import annotations

import math

import numpy as np

from jiaozi.lab.rules.demand import DAYS_OF_A_YEAR, Demand, in_order, purchases, sized
from jiaozi.lab.rules.scenario import Arrivals, Cost, Generated, Group, Scenario, Use
from jiaozi.policy.rules.many import Column, Ints
from jiaozi.policy.rules.words import Kind

_TRUTHS = {"true", "false"}


def generate(scenario: Scenario, generated: Generated, use: Use, seed: int) -> Demand:
    """Draw a demand.

    Cost: about 60 bytes and 0.5 µs an application and purchase.
    """
    chance = np.random.default_rng(seed)
    classes, sizes = [*scenario.classes], [*scenario.sizes]
    holders: list[Ints] = []
    group_of: list[Ints] = []
    first = 0
    for number, group in enumerate(generated.groups):
        mine = _applicants(chance, group, first, scenario.years)
        holders.append(mine)
        group_of.append(np.full(len(mine), number, dtype=np.int64))
        first += group.holders
    holder, which = np.concatenate(holders), np.concatenate(group_of)
    cost_fen = np.empty(len(holder), dtype=np.int64)
    for number, group in enumerate(generated.groups):
        rows = which == number
        cost_fen[rows] = _costs(chance, group.cost, int(rows.sum()))
    kind = np.array([classes.index(group.kind) for group in generated.groups], dtype=np.int64)[which]
    if scenario.sized_by_need:
        size = sized(scenario, holder, cost_fen, first)
    else:
        size = np.array([sizes.index(group.size or "") for group in generated.groups], dtype=np.int64)[which]
    bought_fen, bought_after = purchases(chance, use, cost_fen)
    day = _days(chance, generated.arrivals, len(holder), scenario.years)
    attributes = _attributes(chance, generated, holder, which, first)
    return in_order(Demand(day, holder, first, kind, size, cost_fen, bought_fen, bought_after, attributes))


def _applicants(chance: np.random.Generator, group: Group, first: int, years: int) -> Ints:
    """Let each holder apply once a year and, by chance, again."""
    times = years + chance.poisson((group.applications - 1) * years, group.holders)
    return np.repeat(np.arange(first, first + group.holders, dtype=np.int64), times)


def _costs(chance: np.random.Generator, cost: Cost, count: int) -> Ints:
    drawn = np.exp(chance.normal(math.log(max(cost.median, 1)), math.log(cost.spread), count))
    most = cost.most if cost.most is not None else 2**50
    return np.clip(np.rint(drawn), cost.least, most).astype(np.int64)


def _days(chance: np.random.Generator, arrivals: Arrivals, count: int, years: int) -> Ints:
    """Draw the days: a year by chance, a month by its weight, a day in it; and the rush of the first days."""
    weights = np.array(arrivals.months)
    month = chance.choice(len(weights), size=count, p=weights / weights.sum())
    inside = (month + chance.random(count)) * DAYS_OF_A_YEAR / len(weights)
    if arrivals.rush:
        hurried = chance.random(count) < float(arrivals.rush.share)
        inside = np.where(hurried, chance.random(count) * arrivals.rush.days, inside)
    return chance.integers(0, years, count) * DAYS_OF_A_YEAR + inside.astype(np.int64)


def _attributes(
    chance: np.random.Generator, generated: Generated, holder: Ints, which: Ints, holders: int
) -> dict[str, Column]:
    """Draw each holder's attributes once; where a group does not state one it is not given."""
    names = dict.fromkeys(name for group in generated.groups for name in group.attributes)
    columns = {}
    for name in names:
        choices = [group.attributes.get(name) for group in generated.groups]
        words = [*dict.fromkeys(word for one in choices if one for word in one.choice)]
        luck = chance.random(holders)[holder]
        codes = np.zeros(len(holder), dtype=np.int64)
        given = np.zeros(len(holder), dtype=bool)
        for number, one in enumerate(choices):
            if one:
                rows = which == number
                edges = np.cumsum([float(share) for share in one.choice.values()])[:-1]
                places = np.array([words.index(word) for word in one.choice], dtype=np.int64)
                codes[rows] = places[np.searchsorted(edges, luck[rows], side="right")]
                given |= rows
        known = None if given.all() else given
        if {*words} <= _TRUTHS:
            columns[name] = Column(Kind.BOOL, np.array([word == "true" for word in words])[codes], (), known)
        else:
            columns[name] = Column(Kind.TEXT, codes, words, known)
    return columns

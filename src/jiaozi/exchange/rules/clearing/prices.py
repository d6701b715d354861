"""Prices that clear linked hubs: the exact least of the dual, in integers.

The dual adds every hub's surplus at its price and every link's gain from the difference of two prices. It is an
L-natural convex function of the price vector, so going up or down by the same step on the right set of hubs, while that
helps, and halving the step, ends in its least value (Murota, Discrete Convex Analysis, chapter 10). The right set is a
minimum cut among the hubs.

Cost: about log2(price range) × 3 cuts of as many nodes as there are hubs, whatever the number of orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jiaozi.exchange.rules.clearing.curve import Curve
from jiaozi.exchange.rules.clearing.paths import fill, reached


class Pipe(NamedTuple):
    """A link between two hubs by their number."""

    start: int
    end: int
    capacity: int
    charge_fen: int


class Box(NamedTuple):
    """Where prices are looked for: from low to high, in multiples of the unit that divides every limit."""

    low: int
    high: int
    unit: int


def dual(curves: Sequence[Curve], pipes: Sequence[Pipe], prices: Sequence[int]) -> int:
    """Give the value that no allocation's welfare is above, in fen."""
    hubs = sum(each.surplus(price) for each, price in zip(curves, prices, strict=True))
    return hubs + sum(each.capacity * max(0, prices[each.end] - prices[each.start] - each.charge_fen) for each in pipes)


def lowest(
    curves: Sequence[Curve], pipes: Sequence[Pipe], box: Box, *, start: Sequence[int] = (), stop_at: int | None = None
) -> tuple[list[int], int]:
    """Give prices at which the dual is least within a box, and its value.

    It begins at ``start`` where given, and may stop as soon as the value is ``stop_at`` or less.
    """
    prices = list(start) or [box.low] * len(curves)
    step = box.unit << max(0, ((box.high - box.low) // box.unit).bit_length() - 1)
    while True:
        moved = True
        while moved:
            moved = False
            for way in (step, -step):
                while chosen := _movers(curves, pipes, box, prices, way):
                    for hub in chosen:
                        prices[hub] += way
                    moved = True
            if stop_at is not None and moved and dual(curves, pipes, prices) <= stop_at:
                return prices, dual(curves, pipes, prices)
        if step == box.unit:
            return prices, dual(curves, pipes, prices)
        step >>= 1


def is_lowest(curves: Sequence[Curve], pipes: Sequence[Pipe], box: Box, prices: Sequence[int]) -> bool:
    """Say whether no step of one unit up or down lowers the dual; then nothing does."""
    return not any(_movers(curves, pipes, box, prices, way) for way in (box.unit, -box.unit))


def _movers(curves: Sequence[Curve], pipes: Sequence[Pipe], box: Box, prices: Sequence[int], way: int) -> list[int]:
    """Give the hubs whose common move lowers the dual most, as few as possible; none when no move does."""
    movable = [box.low <= price + way <= box.high for price in prices]
    cost = [
        each.surplus(price + way) - each.surplus(price) if free else 0
        for each, price, free in zip(curves, prices, movable, strict=True)
    ]
    ties: list[dict[int, int]] = [{} for _ in curves]
    for start, end, capacity, charge in pipes:
        over = prices[end] - prices[start] - charge
        if over + abs(way) <= 0 or not capacity:
            continue
        here = max(0, over)
        apart = capacity * (max(0, over + way) - here)  # when the end moves alone
        nearer = capacity * (max(0, over - way) - here)  # when the start does
        cost[start] += nearer
        cost[end] -= nearer
        ties[end][start] = ties[end].get(start, 0) + apart + nearer
    for hub, free in enumerate(movable):
        if not free:  # it stays, and whoever is tied to it pays for leaving
            cost[hub] = 1 + sum(abs(each) for each in cost) + sum(sum(each.values()) for each in ties)
    if min(cost) >= 0:
        return []
    return _cut(cost, ties)


def _cut(cost: Sequence[int], ties: Sequence[dict[int, int]]) -> list[int]:
    """Give the smallest set with the least cost: its members' own, and each tie from a member to a non-member."""
    size = len(cost)
    source, sink = size, size + 1
    room: list[dict[int, int]] = [dict(each) for each in ties] + [{}, {}]
    for hub, own in enumerate(cost):
        if own < 0:
            room[source][hub] = -own
        elif own > 0:
            room[hub][sink] = own
    fill(room, source, sink)
    return sorted(node for node in reached(room, source) if node < size)

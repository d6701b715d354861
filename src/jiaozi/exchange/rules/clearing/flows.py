"""At given prices: how much goes over each link, and how much of the content-either-way is accepted.

What the prices leave open is decided so: as many lots as possible are traded, over as few links as possible. It is a
min-cost flow among the hubs and the outside; successive shortest paths, in integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jiaozi.exchange.rules.clearing.curve import Curve
from jiaozi.exchange.rules.clearing.prices import Pipe


class Split(NamedTuple):
    """What is accepted at the margin, hub by hub, and the lots on each link."""

    asks: list[int]
    bids: list[int]
    flows: list[int]


class _Arc:
    """Room from a node to another at a cost a lot; ``back`` is the same room taken back."""

    __slots__ = ("back", "cost", "end", "left", "start")

    def __init__(self, start: int, end: int, left: int, cost: int) -> None:
        self.start, self.end, self.left, self.cost = start, end, left, cost
        self.back: _Arc = self


def _arc(arcs: list[_Arc], start: int, end: int, room: int, cost: int) -> _Arc:
    there, back = _Arc(start, end, room, cost), _Arc(end, start, 0, -cost)
    there.back, back.back = back, there
    arcs += (there, back)
    return there


def split(curves: Sequence[Curve], pipes: Sequence[Pipe], prices: Sequence[int]) -> Split | None:
    """Give the flows and margins that the prices ask for; None when nothing balances at them."""
    hubs = len(curves)
    stands = [each.stand(price) for each, price in zip(curves, prices, strict=True)]
    excess = [each.net + each.margin_ask - each.margin_bid for each in stands] + [0]
    arcs: list[_Arc] = []
    full = [0] * len(pipes)
    free: dict[int, _Arc] = {}
    for number, (start, end, capacity, charge) in enumerate(pipes):
        over = prices[end] - prices[start] - charge
        if over > 0:
            full[number] = capacity
            excess[start] -= capacity
            excess[end] += capacity
        elif over == 0 and capacity:
            free[number] = _arc(arcs, start, end, capacity, 1)
    dear = hubs + 1  # giving up a lot costs more than sending it over every link
    asks = [_arc(arcs, hub, hubs, each.margin_ask, dear) for hub, each in enumerate(stands)]
    bids = [_arc(arcs, hubs, hub, each.margin_bid, dear) for hub, each in enumerate(stands)]
    excess[hubs] = -sum(excess)
    if not _balance(arcs, excess):
        return None
    for number, arc in free.items():
        full[number] = arc.back.left
    return Split([arc.left for arc in asks], [arc.left for arc in bids], full)


def _balance(arcs: Sequence[_Arc], excess: list[int]) -> bool:
    """Send every excess to where lots lack, by cheapest paths; say whether it could."""
    while (source := next((node for node, lots in enumerate(excess) if lots > 0), None)) is not None:
        cost, came = _cheapest(arcs, source, len(excess))
        sinks = [node for node, lots in enumerate(excess) if lots < 0 and cost[node] is not None]
        if not sinks:
            return False
        sink = min(sinks, key=lambda node: (cost[node], node))
        path, node = [], sink
        while node != source:
            path.append(came[node])
            node = came[node].start
        lots = min(excess[source], -excess[sink], *(arc.left for arc in path))
        for arc in path:
            arc.left -= lots
            arc.back.left += lots
        excess[source] -= lots
        excess[sink] += lots
    return True


def _cheapest(arcs: Sequence[_Arc], source: int, nodes: int) -> tuple[list[int | None], dict[int, _Arc]]:
    """Give the least cost from a node to every other and the last arc on the way (Bellman and Ford)."""
    cost: list[int | None] = [None] * nodes
    cost[source] = 0
    came: dict[int, _Arc] = {}
    changed = True
    while changed:
        changed = False
        for arc in arcs:
            here = cost[arc.start]
            if arc.left <= 0 or here is None:
                continue
            there = cost[arc.end]
            if there is None or here + arc.cost < there:
                cost[arc.end], came[arc.end], changed = here + arc.cost, arc, True
    return cost, came

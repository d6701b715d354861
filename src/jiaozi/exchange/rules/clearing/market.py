"""One class and period: linked hubs with their orders, and what a choice of minimums brings there.

A choice says which orders with a minimum are in (they get at least it); the others are out. Without minimums there is
one choice, and its outcome is exact: its welfare equals the dual, which no allocation passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd
from typing import NamedTuple

from jiaozi.exchange.rules.book import Link, Order, Side, wants
from jiaozi.exchange.rules.clearing.curve import Curve, curve
from jiaozi.exchange.rules.clearing.flows import Split, split
from jiaozi.exchange.rules.clearing.prices import Box, Pipe, is_lowest, lowest
from jiaozi.exchange.rules.clearing.range import middle
from jiaozi.exchange.rules.clearing.sharing import share

Names = frozenset[str]
NONE: Names = frozenset()


class Point(NamedTuple):
    """Prices of a choice, the bound that they prove in fen, and what happens there if anything balances."""

    prices: list[int]
    bound: int
    split: Split | None


class Outcome(NamedTuple):
    """A valid clearing of one class and period.

    Attributes
    ----------
    accepted
        Order's id → lots, of those that got any.
    prices, flows
        By hub, in fen a lot; by link, in lots.
    welfare
        Bids' limits less asks' limits over what was accepted, less the links' charges, in fen.
    bound
        What no other allocation to the same orders is above.
    """

    accepted: dict[str, int]
    prices: list[int]
    flows: list[int]
    welfare: int
    bound: int


class Market:
    """The hubs, orders and links of one class and period, in an order that their names fix."""

    def __init__(self, hubs: Sequence[str], links: Sequence[Link], orders: Sequence[Order]) -> None:
        number = {name: position for position, name in enumerate(sorted(hubs))}
        self.hubs = tuple(number)
        self.links = sorted(links)
        self.pipes = [Pipe(number[each.start], number[each.end], each.capacity, each.charge_fen) for each in self.links]
        self.orders: list[list[Order]] = [[] for _ in number]
        for order in sorted(orders):
            self.orders[number[order.hub]].append(order)
        self.indivisible = [each for rows in self.orders for each in rows if each.minimum]
        self._curves: dict[tuple[int, Names, Names], Curve] = {}
        self._own = [frozenset(each.id for each in rows if each.minimum) for rows in self.orders]
        self._everybody = frozenset(each.id for each in self.indivisible)
        self._box, self._wide = self._boxes(orders)

    def _boxes(self, orders: Sequence[Order]) -> tuple[Box, Box]:
        unit = gcd(*(each.limit_fen for each in orders), *(each.charge_fen for each in self.pipes)) or 1
        high = max((each.limit_fen for each in orders), default=0)
        # Beyond it an impossible choice costs more than everything else is worth, and the search drops it.
        worth = sum(each.quantity * each.limit_fen for each in orders)
        far = (high + worth) // unit * unit + unit
        return Box(0, high, unit), Box(-far, far, unit)

    def point(self, forced: Names = NONE, out: Names = NONE, stop_at: int | None = None) -> Point:
        """Give the prices of a choice; what it neither forces nor leaves out may be accepted in any part."""
        curves = [self._curve(hub, forced, out) for hub in range(len(self.hubs))]
        prices, bound = lowest(curves, self.pipes, self._box, stop_at=stop_at)
        if forced and (stop_at is None or bound > stop_at) and not is_lowest(curves, self.pipes, self._wide, prices):
            prices, bound = lowest(curves, self.pipes, self._wide, start=prices, stop_at=stop_at)
        return Point(prices, bound, split(curves, self.pipes, prices))

    def _curve(self, hub: int, forced: Names, out: Names) -> Curve:
        key = hub, forced & self._own[hub], out & self._own[hub]
        if key not in self._curves:
            self._curves[key] = curve(self.orders[hub], key[1], key[2])
        return self._curves[key]

    def outcome(self, taken: Names = NONE) -> Outcome | None:
        """Give the clearing in which just these orders with a minimum are accepted, None where somebody would lose."""
        out = self._everybody - taken
        point = self.point(taken, out)
        if point.split is None:
            return None
        accepted: dict[str, int] = {}
        bounds: list[tuple[int, int]] = []
        for hub, price in enumerate(point.prices):
            rows = [each for each in self.orders[hub] if each.id not in out]
            got = dict(_got(rows, price, taken, point.split.asks[hub], point.split.bids[hub]))
            bounds.append(_bounds(rows, got, self._box.high))
            accepted.update((name, lots) for name, lots in got.items() if lots)
        prices = middle([low for low, _ in bounds], [high for _, high in bounds], self.pipes, point.split.flows)
        if prices is None:
            return None
        return Outcome(accepted, prices, point.split.flows, self._welfare(accepted, point.split.flows), point.bound)

    def _welfare(self, accepted: dict[str, int], flows: Sequence[int]) -> int:
        gained = sum(
            (each.limit_fen if each.side is Side.BID else -each.limit_fen) * accepted.get(each.id, 0)
            for rows in self.orders
            for each in rows
        )
        return gained - sum(pipe.charge_fen * lots for pipe, lots in zip(self.pipes, flows, strict=True))


def _got(
    rows: Sequence[Order], price: int, taken: Names, margin_asks: int, margin_bids: int
) -> Iterator[tuple[str, int]]:
    """Give each order's lots at a hub: all that gain, none that would lose, and the rest shared at the margin."""
    content: dict[Side, list[Order]] = {Side.ASK: [], Side.BID: []}
    for order in rows:
        gain = wants(order, price)
        if gain == 0:
            content[order.side].append(order)
        elif gain > 0:
            yield order.id, order.quantity
        else:
            yield order.id, order.minimum if order.id in taken else 0
    for side, total in ((Side.ASK, margin_asks), (Side.BID, margin_bids)):
        floors = [each.minimum if each.id in taken else 0 for each in content[side]]
        parts = share(total + sum(floors), content[side], floors)
        yield from ((each.id, lots) for each, lots in zip(content[side], parts, strict=True))


def _bounds(rows: Sequence[Order], got: dict[str, int], high: int) -> tuple[int, int]:
    """Give the lowest and highest price at which these orders are content with what they got."""
    low = 0
    for order in rows:
        lots, selling = got[order.id], order.side is Side.ASK
        if lots if selling else lots < order.quantity:
            low = max(low, order.limit_fen)
        if lots < order.quantity if selling else lots:
            high = min(high, order.limit_fen)
    return low, high

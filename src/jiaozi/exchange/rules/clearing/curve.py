"""A hub's supply and demand in one class and period, and what its traders gain at a price: the surplus.

``surplus`` is convex and piecewise linear in the price; its slope is what the hub would sell beyond what it buys.
An order with a minimum is out, free (any part of it may be accepted) or forced (its minimum is accepted come what may).

Cost: one sort a hub; then a binary search a price, whatever the number of orders. Python's integers and not NumPy's,
because lots times fen outgrow 64 bits and must stay exact.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from jiaozi.exchange.rules.book import Order, Side


class Steps:
    """Lots by rising price, with running sums: ``lots[i]`` and ``values[i]`` of the first i prices."""

    __slots__ = ("lots", "prices", "values")

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        together: defaultdict[int, int] = defaultdict(int)
        for price, lots in pairs:
            together[price] += lots
        self.prices = sorted(together)
        self.lots = list(accumulate((together[price] for price in self.prices), initial=0))
        self.values = list(accumulate((price * together[price] for price in self.prices), initial=0))


class Stand(NamedTuple):
    """What a hub does at a price: net lots sold for certain, and lots on each side that are content either way."""

    net: int
    margin_ask: int
    margin_bid: int


@dataclass(frozen=True, slots=True)
class Curve:
    """One hub; ``forced`` lots net are sold by minimums that are forced, worth ``forced_fen`` to their owners."""

    asks: Steps
    bids: Steps
    forced: int
    forced_fen: int

    def surplus(self, price: int) -> int:
        """Give the gain of all orders at a price, in fen."""
        asks, bids = self.asks, self.bids
        i, j = bisect_right(asks.prices, price), bisect_right(bids.prices, price)
        sellers = price * asks.lots[i] - asks.values[i]
        buyers = bids.values[-1] - bids.values[j] - price * (bids.lots[-1] - bids.lots[j])
        return sellers + buyers + price * self.forced - self.forced_fen

    def stand(self, price: int) -> Stand:
        """Give what is sold and bought at a price."""
        asks, bids = self.asks, self.bids
        below, upto = asks.lots[bisect_left(asks.prices, price)], asks.lots[bisect_right(asks.prices, price)]
        low, high = bids.lots[bisect_left(bids.prices, price)], bids.lots[bisect_right(bids.prices, price)]
        return Stand(self.forced + below - (bids.lots[-1] - high), upto - below, high - low)


def curve(orders: Iterable[Order], forced: Collection[str] = (), out: Collection[str] = ()) -> Curve:
    """Add up a hub's orders."""
    sides: dict[Side, list[tuple[int, int]]] = {Side.ASK: [], Side.BID: []}
    net = value = 0
    for order in orders:
        if order.id in out:
            continue
        lots = order.quantity
        if order.id in forced:
            lots -= order.minimum
            sign = 1 if order.side is Side.ASK else -1
            net += sign * order.minimum
            value += sign * order.minimum * order.limit_fen
        sides[order.side].append((order.limit_fen, lots))
    return Curve(Steps(sides[Side.ASK]), Steps(sides[Side.BID]), net, value)

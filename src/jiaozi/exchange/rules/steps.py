"""Orders of one product as steps by price, for a plot and the table beneath it; whose orders is the caller's affair."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from jiaozi.exchange.rules.book import Side


class Step(NamedTuple):
    """Lots at one limit; ``upto`` counts those before it too, cheapest asks first, dearest bids first."""

    side: Side
    limit_fen: int
    lots: int
    upto: int
    accepted: int


def steps(orders: Iterable[tuple[Side, int, int, int]]) -> tuple[Step, ...]:
    """Give the steps of orders told as side, limit, lots and lots accepted: asks rising, then bids falling.

    >>> [each[1:] for each in steps([(Side.ASK, 30, 5, 2), (Side.ASK, 10, 4, 4), (Side.ASK, 30, 1, 0)])]
    [(10, 4, 4, 4), (30, 6, 10, 2)]
    """
    lots: dict[tuple[Side, int], list[int]] = {}
    for side, limit_fen, quantity, accepted in orders:
        here = lots.setdefault((side, limit_fen), [0, 0])
        here[0] += quantity
        here[1] += accepted
    found: list[Step] = []
    for side, sign in ((Side.ASK, 1), (Side.BID, -1)):
        limits = sorted((limit for each, limit in lots if each is side), key=lambda limit: sign * limit)
        upto = accumulate(lots[side, limit][0] for limit in limits)
        found += [
            Step(side, limit, lots[side, limit][0], so_far, lots[side, limit][1])
            for limit, so_far in zip(limits, upto, strict=True)
        ]
    return tuple(found)

"""Orders with a minimum: which of them to accept, so that welfare is best and no accepted order loses.

A set of them may stand when prices exist at which each gets its minimum and nobody loses; divisible orders always get
all that gains at the price. So the best clearing is found among sets. Branch and bound: where prices leave an order
less than its minimum, it is either out or forced; the dual of what is left bounds every set below. First come two quick
guesses: drop whoever falls short until nobody does, then try each again. Steps are counted, never seconds, so that the
same book always ends at the same set.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from jiaozi.exchange.rules.book import Order, Side, wants
from jiaozi.exchange.rules.clearing.market import NONE, Market, Names, Outcome, Point
from jiaozi.exchange.rules.reasons import Code

EXPLAINED_MAX = 50
"""Rejected orders that would gain, of one class and period, whose acceptance is tried beyond the steps."""


class Found(NamedTuple):
    """The best outcome that was found and what is known about it.

    Attributes
    ----------
    bound
        What no clearing at which nobody loses is above, in fen.
    divisible
        What welfare would be if no order had a minimum; nothing whatever is above.
    finished
        Whether the search ended by itself, so that the best is proved.
    why
        Order's id → why it is rejected though it would gain at the price.
    """

    outcome: Outcome
    bound: int
    divisible: int
    finished: bool
    steps: int
    why: dict[str, Code]


class _OutOfStepsError(Exception):
    pass


def best(market: Market, steps_max: int) -> Found:
    """Clear a market: at once without minimums, else by a search of so many steps at most."""
    outcome = market.outcome(NONE)
    if outcome is None:
        raise AssertionError("orders without a minimum always clear")
    if not market.indivisible:
        return Found(outcome, outcome.bound, outcome.bound, finished=True, steps=0, why={})
    return _Search(market, outcome, steps_max).run()


class _Search:
    """The search over one market."""

    def __init__(self, market: Market, outcome: Outcome, steps_max: int) -> None:
        self.market, self.steps_max = market, steps_max
        self.best, self.taken = outcome, NONE
        self.root = market.point()
        self.open: list[tuple[int, int, Names, Names]] = [(-self.root.bound, 0, NONE, NONE)]
        self.everybody = frozenset(each.id for each in market.indivisible)
        self.made = self.steps = 0

    def run(self) -> Found:
        """Search until the best is proved or the steps are used up; then explain."""
        finished = True
        try:
            self._guess()
            while self.open:
                self._look(*heappop(self.open))
        except _OutOfStepsError:
            finished = False
        why = self._explain()
        bound = self.best.welfare if finished else max(self.best.welfare, -self.open[0][0])
        return Found(self.best, bound, self.root.bound, finished, self.steps, why)

    def _step(self) -> None:
        if self.steps >= self.steps_max:
            raise _OutOfStepsError
        self.steps += 1

    def _keep(self, taken: Names) -> Outcome | None:
        """Price a set, keep it when it is the best so far."""
        outcome = self.market.outcome(taken)
        if outcome is not None and outcome.welfare > self.best.welfare:
            self.best, self.taken = outcome, taken
        return outcome

    def _guess(self) -> None:
        """Drop whoever falls short until nobody does; then let each in again where that helps."""
        out, point = NONE, self.root
        while point.split is not None and (short := _short(self.market, point, NONE, out)):
            out |= {each.id for each in short}
            self._step()
            point = self.market.point(NONE, out)
        self._step()
        self._keep(self.everybody - out - _idle(self.market, point, out))
        for order in self.market.indivisible:
            if order.id in out:
                self._step()
                self._keep(self.taken | {order.id})

    def _look(self, bound: int, made: int, forced: Names, out: Names) -> None:
        """Solve one choice; keep what it gives, or part it in two."""
        if -bound <= self.best.welfare:
            return
        try:
            self._step()
        except _OutOfStepsError:
            heappush(self.open, (bound, made, forced, out))
            raise
        point = self.market.point(forced, out, stop_at=self.best.welfare)
        if point.bound <= self.best.welfare:
            return
        short = _short(self.market, point, forced, out)
        if not short:
            outcome = self._keep(forced | (self.everybody - out - _idle(self.market, point, out)))
            if outcome is not None and outcome.welfare >= point.bound:
                return
        undecided = [each for each in self.market.indivisible if each.id not in forced and each.id not in out]
        if not undecided:
            return
        chosen = short[0] if short else self._any(undecided, point)
        for more_forced, more_out in ((NONE, {chosen.id}), ({chosen.id}, NONE)):
            self.made += 1
            heappush(self.open, (-point.bound, self.made, forced | more_forced, out | more_out))

    def _any(self, undecided: list[Order], point: Point) -> Order:
        """Choose whom to decide on: whoever gains most, since leaving it out changes most."""
        price = dict(zip(self.market.hubs, point.prices, strict=True))
        return max(undecided, key=lambda each: (wants(each, price[each.hub]) * each.quantity, each.id))

    def _explain(self) -> dict[str, Code]:
        """Say of each rejected order that would gain what its acceptance would do; keep what is better."""
        tries = EXPLAINED_MAX
        while True:
            why: dict[str, Code] = {}
            for order in self._left_out():
                if not tries:
                    why[order.id] = Code.MINIMUM
                    continue
                tries -= 1
                before = self.best
                outcome = self._keep(self.taken | {order.id})
                if self.best is not before:
                    break
                why[order.id] = Code.MINIMUM_LOSS if outcome is None else Code.MINIMUM_WORSE
            else:
                return why

    def _left_out(self) -> list[Order]:
        price = dict(zip(self.market.hubs, self.best.prices, strict=True))
        return [
            each
            for each in self.market.indivisible
            if each.id not in self.best.accepted and wants(each, price[each.hub]) > 0
        ]


def _short(market: Market, point: Point, forced: Names, out: Names) -> list[Order]:
    """Give the undecided orders that the margin leaves less than their minimum, one a side of a hub, the largest."""
    found: list[Order] = []
    for left, orders in _margins(market, point, out):
        rest = left - sum(
            each.quantity - (each.minimum if each.id in forced else 0)
            for each in orders
            if not _undecided(each, forced)
        )
        for order in sorted(
            (each for each in orders if _undecided(each, forced)), key=lambda each: (each.minimum, each.id)
        ):
            if rest <= 0:
                break
            if rest < order.minimum:
                found.append(order)
                break
            rest -= order.quantity
    return sorted(found, key=lambda each: (-each.quantity * each.limit_fen, each.id))


def _undecided(order: Order, forced: Names) -> bool:
    return order.minimum > 0 and order.id not in forced


def _idle(market: Market, point: Point, out: Names) -> Names:
    """Give the orders with a minimum that get nothing at a point: the price is wrong, or they aren't needed."""
    idle = set()
    for hub, price in enumerate(point.prices):
        idle |= {each.id for each in market.orders[hub] if each.minimum and wants(each, price) < 0}
    for left, orders in _margins(market, point, out):
        rest = left - sum(each.quantity for each in orders if not each.minimum)
        for order in sorted((each for each in orders if each.minimum), key=lambda each: (each.minimum, each.id)):
            if rest < order.minimum:
                idle.add(order.id)
            rest -= order.quantity
    return frozenset(idle)


def _margins(market: Market, point: Point, out: Names) -> Iterator[tuple[int, list[Order]]]:
    """Give of every side of a hub the lots accepted at the price, and the orders that share them."""
    if point.split is None:
        return
    for hub, price in enumerate(point.prices):
        content = [each for each in market.orders[hub] if each.limit_fen == price and each.id not in out]
        for side, totals in ((Side.ASK, point.split.asks), (Side.BID, point.split.bids)):
            if rows := [each for each in content if each.side is side]:
                yield totals[hub], rows

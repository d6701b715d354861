"""Clearing a whole book: every class and period by itself, since nothing in a book couples two of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from jiaozi.exchange.rules.book import Book, Order, Product, Side, wants
from jiaozi.exchange.rules.checking import PPM, check_book
from jiaozi.exchange.rules.clearing.market import Market
from jiaozi.exchange.rules.clearing.power import Power, RelatedTrade, powers, related_trades
from jiaozi.exchange.rules.clearing.search import Found, best
from jiaozi.exchange.rules.reasons import Code
from jiaozi.kernel.canonical import digest


class Price(NamedTuple):
    """The one price of a product that was traded, and the lots bought and sold there."""

    product: Product
    price_fen: int
    bought: int
    sold: int


class Flow(NamedTuple):
    """Lots sold at a link's start and bought at its end; ``rent_fen`` is what the link earns: charge and scarcity."""

    resource_class: str
    period: str
    start: str
    end: str
    lots: int
    rent_fen: int


class Cleared(NamedTuple):
    """How good the clearing of one class and period is; amounts in fen.

    Attributes
    ----------
    bound_fen
        No clearing at which no accepted order loses is above.
    divisible_fen
        Nothing is above, even if orders with a minimum were to lose.
    """

    resource_class: str
    period: str
    orders: int
    welfare_fen: int
    bound_fen: int
    divisible_fen: int
    finished: bool
    steps: int

    @property
    def gap_ppm(self) -> int:
        """How far the welfare may be from the best, in millionths, rounded up."""
        return -((self.welfare_fen - self.bound_fen) * PPM // self.bound_fen) if self.bound_fen else 0


@dataclass(frozen=True, slots=True)
class Clearing:
    """What came out of a book; ``accepted`` names only orders that got something, ``why`` all."""

    session: str
    prices: tuple[Price, ...]
    flows: tuple[Flow, ...]
    cleared: tuple[Cleared, ...]
    accepted: dict[str, int]
    why: dict[str, Code]
    powers: tuple[Power, ...]
    related_trades: tuple[RelatedTrade, ...]

    @property
    def welfare_fen(self) -> int:
        """The gain of all traders, links paid."""
        return sum(each.welfare_fen for each in self.cleared)

    @property
    def bound_fen(self) -> int:
        """No clearing at which no accepted order loses is above."""
        return sum(each.bound_fen for each in self.cleared)

    @property
    def gap_ppm(self) -> int:
        """How far the welfare may be from the best, in millionths, rounded up."""
        return -((self.welfare_fen - self.bound_fen) * PPM // self.bound_fen) if self.bound_fen else 0

    @property
    def finished(self) -> bool:
        """Whether every search ended by itself."""
        return all(each.finished for each in self.cleared)

    def price_of(self) -> dict[Product, int]:
        """Give the prices by product."""
        return {each.product: each.price_fen for each in self.prices}

    def body(self) -> dict[str, Any]:
        """Give the form that its digest covers."""
        return {
            "accepted": sorted([name, lots] for name, lots in self.accepted.items()),
            "cleared": [list(each) for each in self.cleared],
            "flows": [list(each) for each in self.flows],
            "powers": [each.body() for each in self.powers],
            "prices": [[*each.product, *each[1:]] for each in self.prices],
            "related_trades": [[*each.product, *each[1:]] for each in self.related_trades],
            "session": self.session,
            "why": sorted([name, code.value] for name, code in self.why.items()),
        }

    def digest(self) -> str:
        """Give the SHA-256 that the same book always ends at."""
        return digest(self.body()).hex()


def clear(book: Book) -> Clearing:
    """Clear a book: the best welfare, one price a product, nobody accepted loses.

    Raises
    ------
    UnableToClear
        With every mistake of the book.
    """
    check_book(book)
    by_market: defaultdict[tuple[str, str], list[Order]] = defaultdict(list)
    for order in book.orders:
        by_market[order.resource_class, order.period].append(order)
    prices: list[Price] = []
    flows: list[Flow] = []
    cleared: list[Cleared] = []
    accepted: dict[str, int] = {}
    why: dict[str, Code] = {}
    for (resource_class, period), orders in sorted(by_market.items()):
        links = [each for each in book.links if each.covers(resource_class, period)]
        market = Market(book.hubs, links, orders)
        found = best(market, book.terms.steps_max)
        accepted.update(found.outcome.accepted)
        flows += _flows(resource_class, period, market, found)
        here = _prices(resource_class, period, market, found)
        prices += here
        traded = {each.product.hub for each in here}
        price = dict(zip(market.hubs, found.outcome.prices, strict=True))
        for order in orders:
            lots = found.outcome.accepted.get(order.id, 0)
            why[order.id] = found.why.get(order.id) or _why(order, lots, price[order.hub], order.hub in traded)
        figures = found.outcome.welfare, found.bound, found.divisible, found.finished, found.steps
        cleared.append(Cleared(resource_class, period, len(orders), *figures))
    return Clearing(
        session=book.session,
        prices=tuple(prices),
        flows=tuple(flows),
        cleared=tuple(cleared),
        accepted=accepted,
        why=why,
        powers=powers(book, accepted),
        related_trades=related_trades(book, accepted),
    )


def _why(order: Order, lots: int, price_fen: int, traded: bool) -> Code:
    if lots == order.quantity:
        return Code.WHOLE
    if not traded:
        return Code.NO_TRADE
    return Code.MARGIN if lots or wants(order, price_fen) == 0 else Code.PRICE


def _prices(resource_class: str, period: str, market: Market, found: Found) -> list[Price]:
    """Give the prices of the hubs where something was traded or passed through; elsewhere there is none to tell."""
    rows = []
    passed = {hub for link, lots in zip(market.links, found.outcome.flows, strict=True) if lots for hub in link[:2]}
    for hub, price, orders in zip(market.hubs, found.outcome.prices, market.orders, strict=True):
        lots = {Side.BID: 0, Side.ASK: 0}
        for order in orders:
            lots[order.side] += found.outcome.accepted.get(order.id, 0)
        if any(lots.values()) or hub in passed:
            rows.append(Price(Product(resource_class, period, hub), price, lots[Side.BID], lots[Side.ASK]))
    return rows


def _flows(resource_class: str, period: str, market: Market, found: Found) -> list[Flow]:
    price = dict(zip(market.hubs, found.outcome.prices, strict=True))
    return [
        Flow(resource_class, period, link.start, link.end, lots, (price[link.end] - price[link.start]) * lots)
        for link, lots in zip(market.links, found.outcome.flows, strict=True)
        if lots
    ]

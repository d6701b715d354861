"""The book of a session: who would buy or sell how much of what, where and when, and what the links carry.

A product is a resource class at a hub in a period. Quantities are lots, a lot being so many units of the class for the
whole period; limits and prices are whole fen a lot. So every payment is a product of two integers, and nothing is ever
rounded (docs/decisions/0015-exchange-clearing.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.label import Label


class Side(StrEnum):
    """Which way an order goes."""

    BID = "BID"
    ASK = "ASK"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return Label("买入", "bid") if self is Side.BID else Label("卖出", "ask")

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.ASK if self is Side.BID else Side.BID


class Product(NamedTuple):
    """What is traded at one price."""

    resource_class: str
    period: str
    hub: str


class Order(NamedTuple):
    """One sealed bid or ask.

    Attributes
    ----------
    quantity, limit_fen
        Lots; the most that a bid pays for one, the least that an ask takes.
    minimum
        Fewer lots than this are of no use: it gets none, or at least so many. Zero: any number will do.
    """

    id: str
    party: str
    side: Side
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: int = 0

    @property
    def product(self) -> Product:
        """What it is for."""
        return Product(self.resource_class, self.period, self.hub)


class Link(NamedTuple):
    """Lots that can be used from a hub at another in a period: sold at the start, bought at the end.

    An empty class or period: it says so for each of them, so many lots in each.
    """

    start: str
    end: str
    capacity: int
    charge_fen: int = 0
    resource_class: str = ""
    period: str = ""

    def covers(self, resource_class: str, period: str) -> bool:
        """Say whether it holds for a class in a period."""
        return self.resource_class in {"", resource_class} and self.period in {"", period}


class Period(NamedTuple):
    """A block of time, known by its name."""

    id: str
    start: datetime
    end: datetime


class Contract(NamedTuple):
    """A resource class that is traded, and how many of its units are one lot."""

    resource_class: str
    lot_units: int = 1


class Terms(NamedTuple):
    """How a session is cleared and watched; the defaults are the house's own choice, no programme publishes any.

    Attributes
    ----------
    share_max_ppm, hhi_max
        Above which share of what is offered, and above which concentration (Herfindahl-Hirschman, 10,000 is one
        seller), a product is flagged.
    steps_max
        Choices of minimums that the search may price in one class and period.
    """

    share_max_ppm: int = 400_000
    hhi_max: int = 2_500
    steps_max: int = 500


@dataclass(frozen=True, slots=True)
class Book:
    """All that a clearing depends on; ``related`` are pairs of parties that belong together."""

    session: str
    hubs: tuple[str, ...]
    periods: tuple[Period, ...]
    contracts: tuple[Contract, ...]
    links: tuple[Link, ...]
    orders: tuple[Order, ...]
    related: tuple[tuple[str, str], ...] = ()
    terms: Terms = field(default_factory=Terms)

    def body(self) -> dict[str, Any]:
        """Give the form that its digest covers: the same whatever order the rows came in."""
        return {
            "contracts": sorted(list(each) for each in self.contracts),
            "hubs": sorted(self.hubs),
            "links": sorted(list(each) for each in self.links),
            "orders": sorted([*each[:2], each.side.value, *each[3:]] for each in self.orders),
            "periods": sorted([each.id, _utc(each.start), _utc(each.end)] for each in self.periods),
            "related": sorted(sorted(each) for each in self.related),
            "session": self.session,
            "terms": list(self.terms),
        }

    def digest(self) -> str:
        """Give the SHA-256 that names this book."""
        return digest(self.body()).hex()


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def wants(order: Order, price_fen: int) -> int:
    """Give what an order gains a lot at a price."""
    return order.limit_fen - price_fen if order.side is Side.BID else price_fen - order.limit_fen

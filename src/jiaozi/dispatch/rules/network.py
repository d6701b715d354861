"""Between two places lies a route: how far apart they are in time, how fast data flows, what moving it costs.

A figure that nobody published is None. The distance model fills only the round-trip time and says that it did: light in
fibre needs 5 µs a kilometre, and a fibre's way is longer than the straight one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import asin, ceil, cos, radians, sin, sqrt

from jiaozi.kernel.fen import UFEN_PER_FEN, Rounding

FIBRE_US_PER_KM = 5
DETOUR = Fraction(3, 2)
"""How much longer than the straight way a fibre's is taken to be."""

_EARTH_KM = 6371.0088
_BITS_PER_BYTE = 8
_MB = 10**6
UFEN_BYTES = 10**9 * UFEN_PER_FEN
"""Micro-fen a gigabyte times bytes, for one fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The network between two places, the same in both directions.

    Attributes
    ----------
    rtt_us
        Round-trip time in microseconds.
    bandwidth_mbps
        Megabits a second; unknown bandwidth adds no transfer time and is told so.
    price_per_gb_ufen
        Micro-fen per 10^9 bytes; what has no price is never free.
    modelled
        Whether the round-trip time comes from the distance model.
    """

    rtt_us: int | None = None
    bandwidth_mbps: int | None = None
    price_per_gb_ufen: int | None = None
    modelled: bool = False

    def transfer_s(self, size_bytes: int) -> int:
        """Give the whole seconds that moving the data takes, rounded up."""
        if not size_bytes or self.bandwidth_mbps is None:
            return 0
        return -(-size_bytes * _BITS_PER_BYTE // (self.bandwidth_mbps * _MB))


HERE = Route(rtt_us=0, price_per_gb_ufen=0)
"""From a place to itself."""


@dataclass(frozen=True, slots=True)
class Network:
    """Routes by one end, then the other."""

    routes: dict[str, dict[str, Route]]

    def between(self, start: str, end: str) -> Route | None:
        """Give the route; None where nothing at all is known."""
        return HERE if start == end else self.routes.get(start, {}).get(end)

    def all_from(self, start: str | None) -> dict[str, Route]:
        """Give the routes from a place by their other end, itself included."""
        return {} if start is None else {**self.routes.get(start, {}), start: HERE}


def network(links: Iterable[tuple[str, str, Route]]) -> Network:
    """Give the network of some links, each known from both of its ends."""
    routes: dict[str, dict[str, Route]] = {}
    for start, end, route in links:
        routes.setdefault(start, {})[end] = routes.setdefault(end, {})[start] = route
    return Network(routes)


def distance_km(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Give the straight way over the ground between two points of latitude and longitude in degrees."""
    (lat, lon), (lat_end, lon_end) = ((radians(a), radians(b)) for a, b in (start, end))
    half = sin((lat_end - lat) / 2) ** 2 + cos(lat) * cos(lat_end) * sin((lon_end - lon) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))


def modelled_rtt_us(way_km: float, detour: Fraction = DETOUR) -> int:
    """Give the round-trip time of a distance: there and back through fibre, switches not counted.

    >>> modelled_rtt_us(100)
    1500
    """
    return ceil(2 * FIBRE_US_PER_KM * way_km * float(detour))


def moving_fen(route: Route, size_bytes: int) -> int:
    """Give the price of moving data over a route, rounded up as ``catalogue.rules.movement_fen`` does."""
    if not size_bytes:
        return 0
    if route.price_per_gb_ufen is None:
        raise ValueError("a route without a price can't be priced; refuse it before")
    return divided(route.price_per_gb_ufen * size_bytes, UFEN_BYTES, Rounding.UP)


def divided(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Divide and round once, in whole numbers; both are 0 or more.

    >>> divided(5, 2, Rounding.DOWN), divided(5, 2, Rounding.HALF_UP), divided(4, 2, Rounding.UP)
    (2, 3, 2)
    """
    floor, rest = divmod(numerator, denominator)
    if rest and (rounding is Rounding.UP or (rounding is Rounding.HALF_UP and 2 * rest >= denominator)):
        return floor + 1
    return floor

"""A tariff is a price with an author and an end date; pricing is exact and rounded once, by the tariff's own rule.

Quantities are integers in unit-milliseconds: units (cores, cards, nodes) times the milliseconds they were occupied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from jiaozi.catalogue.rules.resource import Unit
from jiaozi.kernel.fen import FEN_MAX, UFEN_PER_FEN, Rounding, whole
from jiaozi.kernel.period import local_minute
from jiaozi.kernel.refusal import Refused

MS_PER_HOUR = 3_600_000
ANYONE = ""


class UnableToPrice(Refused):
    """There is no price for this; what has no price is never free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What one unit of a resource class costs at a centre, for whom, and when.

    Attributes
    ----------
    customer_class
        A holder class, or empty for anyone.
    rate_ufen
        Micro-fen per unit and hour.
    valid_from, valid_until
        Aware instants, half open; without an end it holds until a later version closes it.
    minimum_fen
        Least price of one order that used anything; charged once an order, never once a record.
    granularity_ms
        Billing step: elapsed time is rounded up to it.
    """

    id: UUID
    centre: str
    resource_class: str
    unit: Unit
    rate_ufen: int
    valid_from: datetime
    version: int
    customer_class: str = ANYONE
    valid_until: datetime | None = None
    rounding: Rounding = Rounding.HALF_UP
    minimum_fen: int = 0
    granularity_ms: int = 1
    source: str = ""
    demo: bool = False
    author: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it prices: at any instant at most one tariff is valid for a key."""
        return self.centre, self.resource_class, self.customer_class

    def valid_at(self, instant: datetime) -> bool:
        """Say whether it holds at an instant."""
        return self.valid_from <= instant and (self.valid_until is None or instant < self.valid_until)

    def overlaps(self, other: Tariff) -> bool:
        """Say whether both price the same key at some instant."""
        return (
            self.key == other.key
            and (other.valid_until is None or self.valid_from < other.valid_until)
            and (self.valid_until is None or other.valid_from < self.valid_until)
        )


def tariff_for(
    tariffs: Iterable[Tariff], *, centre: str, resource_class: str, customer_class: str, at: datetime
) -> Tariff:
    """Give the one tariff that holds; the customer's own class goes before the price for anyone.

    Raises
    ------
    UnableToPrice
        When the centre has no price for the class, none at this instant, or two at once.
    """
    known = [each for each in tariffs if each.centre == centre and each.resource_class == resource_class]
    valid = [each for each in known if each.valid_at(at) and each.customer_class in {ANYONE, customer_class}]
    own = [each for each in valid if each.customer_class == customer_class] or valid
    if len(own) == 1:
        return own[0]
    if own:
        versions = "、".join(str(each.version) for each in own)
        raise UnableToPrice(
            "TARIFF_AMBIGUOUS",
            f"{centre}的{resource_class}同时有多个有效价目（版本{versions}），应只有一个",
            f"{centre} has {len(own)} tariffs for {resource_class} at once; one must end before the next begins",
            field="resource_class",
        )
    if not known:
        raise UnableToPrice(
            "RESOURCE_UNKNOWN",
            f"{centre}没有资源类{resource_class}的价目；未知资源不免费，请先发布价目",
            f"{centre} has no tariff for {resource_class!r}; an unknown resource is never free: publish one",
            field="resource_class",
        )
    raise UnableToPrice(
        "TARIFF_NOT_VALID",
        f"{centre}的{resource_class}在{local_minute(at)}没有有效价目，请发布当时有效的版本",
        f"{centre} has no tariff for {resource_class!r} valid at {at.isoformat()}; publish a version that is",
        field="at",
    )


def charge_ufen(tariff: Tariff, unit_ms: int) -> int:
    """Give the charge in whole micro-fen, cut off, to show how a price came about; money is ``price_fen``."""
    _check_quantity("unit_ms", unit_ms, least=0)
    return unit_ms * tariff.rate_ufen // MS_PER_HOUR


def price_fen(tariff: Tariff, unit_ms: int) -> int:
    """Give the price of a quantity in fen: exact, rounded once.

    Raises
    ------
    UnableToPrice
        When the price doesn't fit into the ledger.
    """
    _check_quantity("unit_ms", unit_ms, least=0)
    if not unit_ms:
        return 0
    exact = Fraction(unit_ms * tariff.rate_ufen, MS_PER_HOUR * UFEN_PER_FEN)
    price = max(whole(exact, tariff.rounding), tariff.minimum_fen)
    if price > FEN_MAX:
        raise UnableToPrice(
            "PRICE_TOO_LARGE",
            "价格超出台账可记的最大金额，请减少数量或时长",
            "the price is past what the ledger can hold; ask for fewer units or less time",
            field="units",
        )
    return price


def billable_ms(elapsed_ms: int, granularity_ms: int) -> int:
    """Round a run time up to the billing step.

    >>> billable_ms(0, 1000), billable_ms(1, 1000), billable_ms(1000, 1000)
    (0, 1000, 1000)
    """
    _check_quantity("elapsed_ms", elapsed_ms, least=0)
    _check_quantity("granularity_ms", granularity_ms, least=1)
    return -(-elapsed_ms // granularity_ms) * granularity_ms


def run_price_fen(tariff: Tariff, *, units: int, elapsed_ms: int) -> int:
    """Give the price of one run: its time rounded up to the tariff's step, times its units."""
    _check_quantity("units", units, least=1)
    return price_fen(tariff, units * billable_ms(elapsed_ms, tariff.granularity_ms))


def most(tariff: Tariff, *, units: int, time_limit_ms: int, engine_granularity_ms: int, kill_lag_ms: int) -> int:
    """Give the most in fen that a run under this limit can cost, which its hold must cover.

    The engine rounds the limit up to its own step and may be late by its kill lag; no run within that costs more,
    because ``run_price_fen`` never falls when time grows.
    """
    _check_quantity("time_limit_ms", time_limit_ms, least=1)
    _check_quantity("kill_lag_ms", kill_lag_ms, least=0)
    longest_ms = billable_ms(time_limit_ms, engine_granularity_ms) + kill_lag_ms
    return run_price_fen(tariff, units=units, elapsed_ms=longest_ms)


def movement_fen(price_per_gb_ufen: int, size_bytes: int, rounding: Rounding = Rounding.UP) -> int:
    """Give the price of moving data over a link; a GB is 10^9 bytes.

    >>> movement_fen(5_000_000, 2_500_000_000)
    13
    """
    _check_quantity("price_per_gb_ufen", price_per_gb_ufen, least=0)
    _check_quantity("size_bytes", size_bytes, least=0)
    return whole(Fraction(price_per_gb_ufen * size_bytes, 10**9 * UFEN_PER_FEN), rounding)


def _check_quantity(name: str, value: int, *, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")

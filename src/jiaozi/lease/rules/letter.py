"""The platform's letter to a centre about a lease, signed, so that it can be checked without the platform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jiaozi.catalogue.rules import Tariff, Unit
from jiaozi.kernel.fen import Rounding
from jiaozi.lease.rules.signed import content_of, garbled


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A resource class as a centre sells it under a lease: its tariff, and the offer's bounds."""

    tariff: UUID
    resource_class: str
    unit: Unit
    rate_ufen: int
    rounding: Rounding
    minimum_fen: int
    granularity_ms: int
    units_max: int
    time_limit_max_ms: int

    def as_tariff(self, centre: str, at: datetime) -> Tariff:
        """Give the tariff that prices are made with."""
        return Tariff(
            id=self.tariff,
            centre=centre,
            resource_class=self.resource_class,
            unit=self.unit,
            rate_ufen=self.rate_ufen,
            valid_from=at,
            version=1,
            rounding=self.rounding,
            minimum_fen=self.minimum_fen,
            granularity_ms=self.granularity_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a centre may spend of one voucher without asking, as of the latest letter.

    Attributes
    ----------
    serial
        Grows with each letter about a lease; an older one has no effect.
    memory
        The agent's memory that this is for: one that lost it has lost its leases, and spends nothing twice.
    voucher_fen, own_fen
        Granted in all since the lease began, so that a letter that is lost or comes twice changes nothing.
    ends_at
        The instant from which nothing is admitted.
    """

    lease: UUID
    serial: int
    memory: str
    centre: str
    programme: str
    voucher: UUID
    holder_class: str
    holder_key: str
    voucher_fen: int
    own_fen: int
    share: Fraction
    granularity_ms: int
    kill_lag_ms: int
    ends_at: datetime
    prices: tuple[Price, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it in its canonical form."""
        return {
            "v": 1,
            "lease": str(self.lease),
            "serial": self.serial,
            "memory": self.memory,
            "centre": self.centre,
            "programme": self.programme,
            "voucher": str(self.voucher),
            "holder_class": self.holder_class,
            "holder_key": self.holder_key,
            "voucher_fen": self.voucher_fen,
            "own_fen": self.own_fen,
            "share": [self.share.numerator, self.share.denominator],
            "granularity_ms": self.granularity_ms,
            "kill_lag_ms": self.kill_lag_ms,
            "ends_at": self.ends_at.astimezone(UTC).isoformat(),
            "prices": [_price_json(each) for each in self.prices],
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Letter:
        """Read it back."""
        names = ("serial", "memory", "centre", "programme", "holder_class", "holder_key", "voucher_fen", "own_fen")
        return cls(
            **{name: body[name] for name in (*names, "granularity_ms", "kill_lag_ms")},
            lease=UUID(body["lease"]),
            voucher=UUID(body["voucher"]),
            share=Fraction(*body["share"]),
            ends_at=datetime.fromisoformat(body["ends_at"]),
            prices=tuple(_price(each) for each in body["prices"]),
        )

    def price(self, resource_class: str) -> Price | None:
        """Give the price of a class, or None where the centre sells none under this lease."""
        return next((each for each in self.prices if each.resource_class == resource_class), None)


def _price_json(price: Price) -> dict[str, Any]:
    return {
        "tariff": str(price.tariff),
        "class": price.resource_class,
        "unit": str(price.unit),
        "rate_ufen": price.rate_ufen,
        "rounding": str(price.rounding),
        "minimum_fen": price.minimum_fen,
        "granularity_ms": price.granularity_ms,
        "units_max": price.units_max,
        "time_limit_max_ms": price.time_limit_max_ms,
    }


def _price(body: Mapping[str, Any]) -> Price:
    names = ("rate_ufen", "minimum_fen", "granularity_ms", "units_max", "time_limit_max_ms")
    return Price(
        **{name: body[name] for name in names},
        tariff=UUID(body["tariff"]),
        resource_class=body["class"],
        unit=Unit(body["unit"]),
        rounding=Rounding(body["rounding"]),
    )


def open_letter(text: str, key: Ed25519PublicKey) -> Letter:
    """Check a letter and read it.

    Raises
    ------
    UnableToBelieve
        When it is not signed by the platform, or can't be read.
    """
    try:
        return Letter.from_json(json.loads(content_of(text, key)))
    except (ValueError, TypeError, KeyError, ZeroDivisionError):
        raise garbled("letter", "额度凭证内容无法读取", "the lease's letter can't be read") from None

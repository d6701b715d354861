"""What an order's usage costs, and who pays which part: exact, rounded once, never past the hold.

An order is priced from all its records together: the sum of units times billable time, one rounding, one minimum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from jiaozi.catalogue.rules import Tariff, billable_ms, charge_ufen, price_fen
from jiaozi.order.rules import Held, voucher_share

CHARGE_MAX_UFEN = 2**63 - 1
OVERRUN = "overrun"
"""The reason under which use beyond the hold is the centre's own."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What one record counts."""

    units: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What is charged: price = voucher + own; ``overrun_fen`` is what the hold did not cover and nobody pays.

    ``charges_ufen`` shows, record by record, how the price came about; money is never added up from it.
    """

    price_fen: int
    voucher_fen: int
    own_fen: int
    overrun_fen: int
    charges_ufen: tuple[int, ...]


def price_usage(tariff: Tariff, ratio: Fraction, held: Held, records: Sequence[Quantity]) -> Priced | None:
    """Price all records of an order and split the price; None when it is past what can be recorded.

    Each part is at most what was held for it. Both parts of a price never fall when it grows, so a price within the
    quote is charged in full, and one beyond it leaves the rest to the centre.
    """
    unit_ms = [record.units * billable_ms(record.elapsed_ms, tariff.granularity_ms) for record in records]
    if charge_ufen(tariff, sum(unit_ms)) > CHARGE_MAX_UFEN:
        return None
    full_fen = price_fen(tariff, sum(unit_ms))
    share_fen = voucher_share(full_fen, ratio)
    voucher_fen, own_fen = min(share_fen, held.voucher_fen), min(full_fen - share_fen, held.own_fen)
    price = voucher_fen + own_fen
    charges = tuple(charge_ufen(tariff, each) for each in unit_ms)
    return Priced(
        price_fen=price, voucher_fen=voucher_fen, own_fen=own_fen, overrun_fen=full_fen - price, charges_ufen=charges
    )


def total_ms(records: Iterable[Quantity]) -> int:
    """Add up units times run time, before any billing step."""
    return sum(record.units * record.elapsed_ms for record in records)

"""What a place costs a request, exact to the fen: compute, data movement, and the value of waiting.

The compute price is the most that the run can cost, the same figure that the order's hold covers.
"""

from __future__ import annotations

from fractions import Fraction

from jiaozi.catalogue.rules import UnableToPrice, billable_ms
from jiaozi.dispatch.rules.network import divided
from jiaozi.dispatch.rules.request import Block, Offer
from jiaozi.kernel.fen import FEN_MAX, UFEN_PER_FEN, Rounding

S_PER_HOUR = 3_600
_MS_PER_HOUR = 3_600_000
_MS_PER_S = 1_000


def held_ms(offer: Offer, duration_s: int) -> int:
    """Give the billed time of the longest run under a time limit, engine's step and kill lag included."""
    longest_ms = billable_ms(duration_s * _MS_PER_S, offer.engine_granularity_ms) + offer.kill_lag_ms
    return billable_ms(longest_ms, offer.tariff.granularity_ms)


def compute_fen(offer: Offer, units: int, duration_s: int) -> int:
    """Give the most in fen that a run can cost; equal to ``catalogue.rules.most``, without its fractions.

    Raises
    ------
    UnableToPrice
        When it is past what the ledger can hold.
    """
    tariff = offer.tariff
    exact = units * held_ms(offer, duration_s) * tariff.rate_ufen
    price = max(divided(exact, _MS_PER_HOUR * UFEN_PER_FEN, tariff.rounding), tariff.minimum_fen)
    if price > FEN_MAX:
        raise UnableToPrice(
            "PRICE_TOO_LARGE",
            "价格超出台账可记的最大金额，请减少数量或时长",
            "the price is past what the ledger can hold; ask for fewer units or less time",
            field="units",
        )
    return price


def waiting_fen(wait_s: int, fen_per_hour: int) -> int:
    """Give what a wait is worth, rounded up."""
    return divided(wait_s * fen_per_hour, S_PER_HOUR, Rounding.UP)


def scarcity_fen(free: tuple[Block, ...] | None, units: int, start_s: int, end_s: int) -> int:
    """Give what the units are worth to others over a time, by the plan's shadow prices, rounded up."""
    total = 0
    for block in free or ():
        if block.shadow_ufen and block.start_s < end_s and block.end_s > start_s:
            total += block.shadow_ufen * units * (min(block.end_s, end_s) - max(block.start_s, start_s))
    return divided(total, S_PER_HOUR * UFEN_PER_FEN, Rounding.UP)


def voucher_share(price_fen: int, ratio: Fraction) -> int:
    """Give the voucher's part, rounded down, as the order holds it."""
    return price_fen * ratio.numerator // ratio.denominator

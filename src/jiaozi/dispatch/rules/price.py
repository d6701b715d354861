"""What a place costs a request, exact to the fen: compute, data movement, and the value of waiting.

The compute price is the most that the run can cost, the same figure that the order's hold covers.
"""

from __future__ import annotations

from jiaozi.catalogue.rules import UnableToPrice
from jiaozi.dispatch.rules.board import Stall
from jiaozi.dispatch.rules.network import divided
from jiaozi.dispatch.rules.request import Block
from jiaozi.kernel.fen import FEN_MAX, UFEN_PER_FEN, Rounding

S_PER_HOUR = 3_600
_MS_PER_S = 1_000


def compute_fen(stall: Stall, units: int, duration_s: int) -> int:
    """Give the most in fen that a run can cost; equal to ``catalogue.rules.most``, without its fractions.

    Raises
    ------
    UnableToPrice
        When it is past what the ledger can hold.
    """
    offer = stall.offer
    tariff = offer.tariff
    step = offer.engine_granularity_ms
    longest_ms = -(-duration_s * _MS_PER_S // step) * step + offer.kill_lag_ms
    step = tariff.granularity_ms
    price = (-(-longest_ms // step) * step * units * stall.times + stall.plus) // stall.per
    if price > FEN_MAX:
        raise UnableToPrice(
            "PRICE_TOO_LARGE",
            "价格超出台账可记的最大金额，请减少数量或时长",
            "the price is past what the ledger can hold; ask for fewer units or less time",
            field="units",
        )
    return max(price, tariff.minimum_fen)


def scarcity_fen(free: tuple[Block, ...] | None, units: int, start_s: int, end_s: int) -> int:
    """Give what the units are worth to others over a time, by the plan's shadow prices, rounded up."""
    total = 0
    for block in free or ():
        if block.shadow_ufen and block.start_s < end_s and block.end_s > start_s:
            total += block.shadow_ufen * units * (min(block.end_s, end_s) - max(block.start_s, start_s))
    return divided(total, S_PER_HOUR * UFEN_PER_FEN, Rounding.UP)

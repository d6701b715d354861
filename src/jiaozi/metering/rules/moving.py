"""What an order's data movement costs: the bytes that reached their place, by the link's price, rounded up once.

A gigabyte is 10^9 bytes. What was moved to a place that did not take the job is that place's own; nobody pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.metering.rules.pricing import CHARGE_MAX_UFEN
from jiaozi.order.rules import Held, Quote, State
from jiaozi.order.rules.staging import moving_quote

GB = 10**9
_DATA = "DATA_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One file that reached its place and was verified there."""

    id: UUID
    centre: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What becomes of an order's movements: those charged, those waived with the reason, and what is due."""

    charged: tuple[UUID, ...]
    waived: tuple[tuple[UUID, Reason], ...]
    moved_bytes: int
    due: Quote


def settle(
    moved: Sequence[Moved],
    *,
    centre: str,
    state: State,
    reason_code: str,
    price_per_gb_ufen: int,
    ratio: Fraction,
    held: Held,
) -> Settled:
    """Say which movements are charged and what they cost; no part is past what was held for it.

    >>> settle((), centre="a", state=State.ENDED, reason_code="", price_per_gb_ufen=1, ratio=Fraction(0),
    ...     held=Held(order_id=UUID(int=0), voucher_fen=0, own_fen=0, movement=True)).due.most_fen
    0
    """
    refused = state is State.FAILED and not reason_code.startswith(_DATA)
    charged = [each for each in moved if each.centre == centre and not refused]
    waived = [(each.id, _not_taken()) for each in moved if each not in charged]
    size = sum(each.size for each in charged)
    full = moving_quote(price_per_gb_ufen, size, ratio)
    voucher_fen, own_fen = min(full.voucher_fen, held.voucher_fen), min(full.own_fen, held.own_fen)
    due = Quote(most_fen=voucher_fen + own_fen, voucher_fen=voucher_fen, own_fen=own_fen)
    return Settled(charged=tuple(each.id for each in charged), waived=tuple(waived), moved_bytes=size, due=due)


def charge_ufen(price_per_gb_ufen: int, size: int) -> int:
    """Show what one movement comes to; money is never added up from it."""
    return min(-(-price_per_gb_ufen * size // GB), CHARGE_MAX_UFEN)


def _not_taken() -> Reason:
    return Reason(
        "JOB_NOT_TAKEN",
        Label(
            "数据已传到未能承接本单的中心，由其承担", "it went to a centre that did not take the job, and is its own"
        ),
    )

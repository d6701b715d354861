"""A voucher that the programme does not let be used in parts: one voucher, one order.

What the order leaves of it pays nothing else; at the voucher's last day it goes where the programme says.
"""

from __future__ import annotations

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order.rules.life import State
from jiaozi.policy.rules import OrderTerms
from jiaozi.policy.rules.words import Expiry

SINGLE_USE = "SINGLE_USE"
TAKING = (
    State.HELD,
    State.STAGING,
    State.SUBMITTED,
    State.QUEUED,
    State.RUNNING,
    State.ENDED,
    State.METERED,
    State.CAPTURED,
    State.SETTLED,
)
"""States in which an order has taken its voucher; one that was refused, cancelled or failed gave it back whole."""

_GOES = {
    Expiry.LAPSED: Label("到期失效", "lapses on the voucher's last day"),
    Expiry.AVAILABLE: Label("到期退回年度预算", "goes back to the year's budget after the voucher's last day"),
}


def single_use(terms: OrderTerms) -> bool:
    """Say whether a voucher that is deducted at orders pays one order only."""
    return not terms.partial_use and terms.deducted > 0


def taken(other: str) -> Reason:
    """Say that a voucher is used up by another order, which ``other`` names."""
    return Reason(
        SINGLE_USE,
        Label(
            f"该项目的算力券不得分次使用，本券已用于订单{other}",
            f"this programme's voucher is not used in parts: order {other} has it",
        ),
        field="voucher",
    )


def told(terms: OrderTerms, spendable_fen: int, voucher_fen: int) -> Reason:
    """Say with a quote what taking it means for the rest of the voucher."""
    rest, goes = yuan(spendable_fen - voucher_fen), _GOES[terms.expiry]
    return Reason(
        SINGLE_USE,
        Label(
            f"本券只能用于一单：其余{rest}元及未用完部分不能再下单，{goes.zh}",
            f"this voucher pays one order only: the other {rest} yuan and what the job leaves pay no second one; "
            f"the rest {goes.en}",
        ),
        field="voucher",
    )

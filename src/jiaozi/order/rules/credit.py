"""What a holder prepaid at a centre, or was granted as credit there: who records it, and each only once."""

from __future__ import annotations

from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.order.rules.holding import UnableToHold
from jiaozi.party.rules import Actor, Role, check_own_centre

RECORDERS = frozenset({Role.CENTRE, Role.OPERATOR})
"""Who may record what holders prepaid."""


def check_credit(by: Actor, centre: str, amount_fen: int) -> None:
    """Let the centre or the operator record a holder's prepayment or credit.

    Raises
    ------
    UnableToHold
        When the role or the amount is wrong.
    UnableToActForCentre
        When the centre is another's.
    """
    check_own_centre(by, centre)
    if by.role not in RECORDERS:
        raise UnableToHold(
            "WRONG_ROLE", "预存或授信须由算力中心登记", "the centre records prepayment and credit", field="role"
        )
    if not 0 < amount_fen <= AMOUNT_MAX_FEN:
        raise UnableToHold(
            "AMOUNT_MISSING",
            f"金额须大于零，不超过{yuan(AMOUNT_MAX_FEN)}元",
            f"the amount must be more than zero, at most {yuan(AMOUNT_MAX_FEN)} yuan",
            field="amount_fen",
        )


def same_credit(found: tuple[UUID, int] | None, asked: tuple[UUID, int], reference: UUID) -> bool:
    """Say whether this very prepayment or credit was recorded before.

    Raises
    ------
    UnableToHold
        When the reference stands for another one.
    """
    if found is not None and found != asked:
        raise UnableToHold(
            "REFERENCE_USED",
            f"凭证号{reference}已用于另一笔预存或授信",
            f"the reference {reference} already stands for another prepayment or credit",
            field="reference",
        )
    return found is not None

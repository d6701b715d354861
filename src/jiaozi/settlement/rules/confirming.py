"""A centre confirms what was metered by line, or objects to a line with its own figure: its claim is made of that."""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.text import kept_text
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.settlement.rules.claim import UnableToClaim
from jiaozi.settlement.rules.life import REASON_MAX


class ClaimKind(StrEnum):
    """Where a claim's figures come from: whoever matches should know whether the centre's own books were asked."""

    FILE = "FILE"
    CONFIRMED = "CONFIRMED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return {
            ClaimKind.FILE: Label("按中心账册申报", "claimed from the centre's own books"),
            ClaimKind.CONFIRMED: Label("逐行确认平台计量", "the platform's metering confirmed by line"),
        }[self]


class Answer(StrEnum):
    """What a centre has said of a line."""

    NONE = "NONE"
    CONFIRMED = "CONFIRMED"
    OBJECTED = "OBJECTED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return {
            Answer.NONE: Label("未确认", "not confirmed"),
            Answer.CONFIRMED: Label("已确认", "confirmed"),
            Answer.OBJECTED: Label("有异议", "objected to"),
        }[self]


def answer_of(metered_fen: int, claimed_fen: int | None) -> Answer:
    """Give what a line's claim says of its metering.

    >>> answer_of(100, None), answer_of(100, 100), answer_of(100, 90)
    (<Answer.NONE: 'NONE'>, <Answer.CONFIRMED: 'CONFIRMED'>, <Answer.OBJECTED: 'OBJECTED'>)
    """
    if claimed_fen is None:
        return Answer.NONE
    return Answer.CONFIRMED if claimed_fen == metered_fen else Answer.OBJECTED


def check_objection(metered_fen: int, own_fen: int, reason: str) -> str:
    """Give an objection's reason in its kept form.

    Raises
    ------
    UnableToClaim
        When the centre's figure is none, or is the metered one, or the reason is missing.
    """
    if not 0 <= own_fen <= AMOUNT_MAX_FEN:
        raise UnableToClaim(
            "CLAIM_LINE_WRONG", "金额须为不小于0的整数分", "the amount must be whole fen, 0 or more", field="amount"
        )
    if own_fen == metered_fen:
        raise UnableToClaim(
            "NOTHING_TO_OBJECT",
            f"与计量金额{yuan(metered_fen)}元相同：请直接确认该行",
            f"this is the metered amount, {yuan(metered_fen)} yuan: confirm the line instead",
            field="amount",
        )
    return kept_text(reason, "reason", most=REASON_MAX, refusal=UnableToClaim)

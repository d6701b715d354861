"""A redemption is a holder's claim on its own voucher after it paid in full: invoice or metered use, proof, decision.

Three of a programme's pay models go this way: pay in full then redeem, direct subsidy after use, and the target letter,
which is converted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from jiaozi.kernel.fen import Rounding, share, yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import CapUse, Decision, Measure
from jiaozi.policy.rules.decision import Outcome
from jiaozi.policy.rules.words import PayModel
from jiaozi.voucher.rules import State

REDEEMED = (PayModel.PAY_THEN_REDEEM, PayModel.SUBSIDY_AFTER_USE, PayModel.TARGET_LETTER)
"""The pay models under which the holder is paid, and not the centre."""
MEASURES = (Measure.HELD, Measure.USED, Measure.REDEEMED, Measure.PAID)
"""Caps that count at a redemption: it is the only use that such a voucher has."""


class RedeemState(StrEnum):
    """Where a redemption stands."""

    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    PAID = "PAID"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    RedeemState.SUBMITTED: Label("已提交", "submitted"),
    RedeemState.ACCEPTED: Label("已核定", "accepted"),
    RedeemState.PAID: Label("已支付", "paid"),
    RedeemState.REJECTED: Label("不予兑付", "rejected"),
    RedeemState.WITHDRAWN: Label("已撤回", "withdrawn"),
    RedeemState.CANCELLED: Label("核定已撤销", "acceptance cancelled"),
}

_HOLDER = frozenset({Role.APPLICANT})
_OFFICER = frozenset({Role.OFFICER})
REDEEM_TRANSITIONS: Table[RedeemState] = {
    (RedeemState.SUBMITTED, "accept"): (_OFFICER, RedeemState.ACCEPTED),
    (RedeemState.SUBMITTED, "reject"): (_OFFICER, RedeemState.REJECTED),
    (RedeemState.SUBMITTED, "withdraw"): (_HOLDER, RedeemState.WITHDRAWN),
    (RedeemState.ACCEPTED, "cancel"): (_OFFICER, RedeemState.CANCELLED),
    (RedeemState.ACCEPTED, "pay"): (frozenset({Role.FINANCE}), RedeemState.PAID),
}
LIVE = (RedeemState.SUBMITTED, RedeemState.ACCEPTED, RedeemState.PAID)
"""States in which an invoice, or metered use, is taken."""


class UnableToRedeem(Refused):
    """The claim can't be taken, accepted or paid so; the reason says what would be right."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One of the figures that a redemption stays within; the least of them is what is paid."""

    name: str
    label: Label
    fen: int

    def to_json(self) -> dict[str, object]:
        """Give the form that is stored."""
        return {"name": self.name, "zh": self.label.zh, "en": self.label.en, "fen": self.fen}


def check_model(model: PayModel, *, metered: bool) -> None:
    """Let only a voucher be redeemed whose programme pays the holder; metered use proves a subsidy after use alone.

    Raises
    ------
    UnableToRedeem
        Saying how the voucher is used instead.
    """
    if model not in REDEEMED:
        raise UnableToRedeem(
            "NOT_REDEEMED",
            "该项目的算力券在下单时抵扣，不凭发票兑付",
            "this programme's voucher is deducted when ordering; it is not redeemed",
            field="voucher",
        )
    if metered and model is not PayModel.SUBSIDY_AFTER_USE:
        raise UnableToRedeem(
            "INVOICE_MISSING", "须凭发票兑付", "this programme redeems against an invoice", field="invoice"
        )


def check_not_frozen(state: State) -> None:
    """Let nothing be accepted or paid on a voucher that an officer stopped.

    Raises
    ------
    UnableToRedeem
        While it is frozen.
    """
    if state is State.FROZEN:
        raise UnableToRedeem(
            "VOUCHER_FROZEN",
            "算力券已停用，须先解除停用",
            "the voucher is frozen; free it first",
            field="voucher",
        )


def check_own(by: Actor, holder: UUID) -> None:
    """Let a holder claim for itself.

    Raises
    ------
    UnableToRedeem
        When it is somebody else.
    """
    if by.role is not Role.APPLICANT or by.organisation != holder:
        raise UnableToRedeem(
            "NOT_YOURS", "只能由持券人本单位办理兑付", "a holder redeems its own vouchers only", field="holder"
        )


def check_again(model: PayModel, live: int, *, in_parts: bool) -> None:
    """Let a target letter be converted once, and a voucher that can't be used in parts be redeemed once.

    Raises
    ------
    UnableToRedeem
        When a claim is on its way or done.
    """
    if model is PayModel.TARGET_LETTER and live:
        raise UnableToRedeem(
            "LETTER_CONVERTED", "意向函只能兑现一次", "a target letter is converted once", field="voucher"
        )
    if live and not in_parts:
        raise UnableToRedeem(
            "NOT_IN_PARTS",
            "该项目的算力券不得分次使用",
            "this programme's voucher is not used in parts",
            field="voucher",
        )


def most_fen(claimed_fen: int, ratio: Fraction, spendable_fen: int) -> int:
    """Give what a claim may come to at most; so much of the voucher is held while the officer looks at it.

    Raises
    ------
    UnableToRedeem
        When nothing of the voucher is left, or the claim is too small for a fen.
    """
    most = min(share(claimed_fen, ratio, Rounding.DOWN), spendable_fen)
    if most <= 0:
        raise UnableToRedeem(
            "NOTHING_LEFT",
            f"算力券可用余额{yuan(spendable_fen)}元，无可兑付",
            f"the voucher has {yuan(spendable_fen)} yuan left: nothing to redeem",
            field="voucher",
        )
    return most


def check_accepted(accepted_fen: int, claimed_fen: int, reason: str) -> None:
    """Let an officer accept no more than was claimed, and less only with a reason.

    Raises
    ------
    UnableToRedeem
        Otherwise.
    """
    if isinstance(accepted_fen, bool) or not isinstance(accepted_fen, int) or not 0 < accepted_fen <= claimed_fen:
        raise UnableToRedeem(
            "ACCEPTED_WRONG",
            f"核定费用须大于零且不超过申报的{yuan(claimed_fen)}元",
            f"accept more than zero and at most the {yuan(claimed_fen)} yuan claimed",
            field="accepted_fen",
        )
    if accepted_fen < claimed_fen and not reason.strip():
        raise UnableToRedeem("REASON_MISSING", "核减须写明理由", "say why less is accepted", field="reason")


def check_apart(decided_by: Iterable[str], by: Actor) -> None:
    """Let another person pay than those who decided.

    Raises
    ------
    UnableToRedeem
        When it is one of them.
    """
    if by.name in set(decided_by):
        raise UnableToRedeem(
            "SAME_PERSON", "核定人不得办理支付", "who decided can't pay; another person must", field="by"
        )


def bounds(
    *,
    again: Decision | None,
    redeemed_fen: int,
    order_share: Fraction,
    accepted_fen: int,
    held_fen: int,
    caps_left: Sequence[tuple[CapUse, int]],
) -> tuple[Bound, ...]:
    """Give every figure that a redemption stays within.

    Parameters
    ----------
    again
        The clause decided on all that was accepted of this voucher so far, this claim included; None where its amount
        follows from no money.
    redeemed_fen
        What earlier claims on the voucher came to.
    held_fen
        What is held of the voucher for this claim.

    Raises
    ------
    UnableToRedeem
        When the clause refuses on what was really paid.
    """
    found = []
    if again is not None:
        if again.outcome is not Outcome.GRANTED:
            raise UnableToRedeem(
                "POLICY_REFUSES",
                "按实际支付不符合条款：" + "；".join(reason.label.zh for reason in again.reasons),
                "the clause refuses on what was paid: " + "; ".join(reason.label.en for reason in again.reasons),
                field="accepted_fen",
                clause=again.chosen,
            )
        label = Label("条款按实际支付核定，减去已兑付", "the clause on what was paid, less what was redeemed")
        found.append(Bound("clause", label, (again.amount_fen or 0) - redeemed_fen))
    by_share = share(accepted_fen, order_share, Rounding.DOWN)
    found.append(Bound("order_share", Label("每单可用券比例", "the voucher's share of a bill"), by_share))
    found.append(Bound("voucher", Label("算力券余额", "what the voucher had left"), held_fen))
    found += [Bound(use.cap_id, use.label, left) for use, left in caps_left]
    return tuple(found)


def due_fen(found: Sequence[Bound]) -> int:
    """Give the least of the bounds.

    Raises
    ------
    UnableToRedeem
        When it leaves nothing, naming the bound.
    """
    least = min(found, key=lambda bound: bound.fen)
    if least.fen <= 0:
        raise UnableToRedeem(
            "NOTHING_DUE",
            f"“{least.label.zh}”已无余额，请不予兑付或待下期",
            f"{least.label.en} leaves nothing: reject it, or wait for the next period",
            field="amount_fen",
            clause=least.name,
        )
    return least.fen


def cap_reached(use: CapUse, amount_fen: int) -> UnableToRedeem:
    """Say which cap somebody else used up meanwhile."""
    return UnableToRedeem(
        "CAP_REACHED",
        f"“{use.label.zh}”余额已变，不足{yuan(amount_fen)}元，请重新核定",
        f"{use.label.en} changed meanwhile and does not cover {yuan(amount_fen)} yuan; decide again",
        field="amount_fen",
        clause=use.cap_id,
    )

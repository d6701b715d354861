"""An award is cash beside the vouchers: decided on an application, earmarked at once, paid stage by stage.

What a stage needs (a report, an acceptance) is a paper that an officer accepts; who decided anything never pays it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import Transfer, TransferStatus, UnableToTransfer
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import CapUse, Decision, Grant
from jiaozi.voucher.rules import cap_accounts


class AwardState(StrEnum):
    """How far an award is."""

    AWARDED = "AWARDED"
    PART_PAID = "PART_PAID"
    PAID = "PAID"
    WITHDRAWN = "WITHDRAWN"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _AWARD_LABELS[self]


_AWARD_LABELS = {
    AwardState.AWARDED: Label("已决定", "awarded"),
    AwardState.PART_PAID: Label("部分支付", "paid in part"),
    AwardState.PAID: Label("已付清", "paid"),
    AwardState.WITHDRAWN: Label("已撤销", "withdrawn"),
}


class StageState(StrEnum):
    """How far one stage of an award is."""

    WAITING = "WAITING"
    READY = "READY"
    PAID = "PAID"
    WITHDRAWN = "WITHDRAWN"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _STAGE_LABELS[self]


_STAGE_LABELS = {
    StageState.WAITING: Label("待提交材料", "waits for its papers"),
    StageState.READY: Label("可支付", "may be paid"),
    StageState.PAID: Label("已支付", "paid"),
    StageState.WITHDRAWN: Label("已撤销", "withdrawn"),
}

_OFFICER, _FINANCE = frozenset({Role.OFFICER}), frozenset({Role.FINANCE})
AWARD_TRANSITIONS: Table[AwardState] = {
    (AwardState.AWARDED, "pay_part"): (_FINANCE, AwardState.PART_PAID),
    (AwardState.PART_PAID, "pay_part"): (_FINANCE, AwardState.PART_PAID),
    (AwardState.AWARDED, "pay_last"): (_FINANCE, AwardState.PAID),
    (AwardState.PART_PAID, "pay_last"): (_FINANCE, AwardState.PAID),
    (AwardState.AWARDED, "withdraw"): (_OFFICER, AwardState.WITHDRAWN),
    (AwardState.PART_PAID, "withdraw"): (_OFFICER, AwardState.WITHDRAWN),
}
STAGE_TRANSITIONS: Table[StageState] = {
    (StageState.WAITING, "accept_report"): (_OFFICER, StageState.READY),
    (StageState.READY, "pay"): (_FINANCE, StageState.PAID),
    (StageState.WAITING, "withdraw"): (_OFFICER, StageState.WITHDRAWN),
    (StageState.READY, "withdraw"): (_OFFICER, StageState.WITHDRAWN),
}
UNPAID = (StageState.WAITING, StageState.READY)


class UnableToAward(Refused):
    """The award can't be made, paid or taken back so; the reason says what would be right."""


def check_grants_award(decision: Decision) -> None:
    """Let only a clause that grants an award lead to one.

    Raises
    ------
    UnableToAward
        Otherwise.
    """
    if decision.grants is not Grant.AWARD:
        raise UnableToAward(
            "NO_AWARD_CLAUSE",
            "该条款不发放奖励，请按算力券办理",
            "this clause grants no award; issue a voucher instead",
            field="clause",
            clause=decision.chosen,
        )


def first_state(needs: Collection[str]) -> StageState:
    """Give the state that a stage begins in: one that needs nothing may be paid at once."""
    return StageState.WAITING if needs else StageState.READY


def check_report(needs: Iterable[str], given: Collection[str]) -> None:
    """Let a stage be accepted only with its papers on file.

    Raises
    ------
    UnableToAward
        Naming those that are missing.
    """
    missing = [paper for paper in needs if paper not in given]
    if missing:
        raise UnableToAward(
            "EVIDENCE_MISSING",
            f"缺少材料：{'、'.join(missing)}",
            f"papers are missing: {', '.join(missing)}",
            field=missing[0],
        )


def check_apart(decided_by: Iterable[str], by: Actor) -> None:
    """Let nobody pay, or take back, what he decided himself.

    Raises
    ------
    UnableToAward
        When it is one of those who decided.
    """
    if by.name in set(decided_by):
        raise UnableToAward(
            "SAME_PERSON", "决定人不得办理支付", "who decided can't pay; another person must", field="by"
        )


def check_turn(earlier: Iterable[str]) -> None:
    """Let stages be paid in their order.

    Raises
    ------
    UnableToAward
        When an earlier one is not paid.
    """
    if any(state != StageState.PAID for state in earlier):
        raise UnableToAward("STAGE_BEFORE", "前一阶段尚未支付", "an earlier stage is not paid yet", field="stage")


def pay_verb(others: Sequence[str]) -> str:
    """Name the award's own step when a stage is paid, by the states of its other stages."""
    return "pay_part" if any(state in UNPAID for state in others) else "pay_last"


def already_granted(clause: str) -> UnableToAward:
    """Say that a one-off clause was granted to this subject meanwhile."""
    return UnableToAward(
        "ALREADY_GRANTED",
        "一次性条款，该主体已享受过，不得再次授予",
        "a one-off clause that this subject already had, in whatever year",
        field="application",
        clause=clause,
    )


def refused(programme: str, line: Transfer, status: TransferStatus, caps: Iterable[CapUse]) -> Exception:
    """Say which cap, or the year's budget, does not cover an award."""
    if status not in {TransferStatus.EXCEEDS_CREDITS, TransferStatus.DEBIT_ACCOUNT_NOT_FOUND}:
        return UnableToTransfer(status, line)
    text = yuan(line.amount_fen)
    use = next((use for use in caps if cap_accounts(programme, use.key)[1].id == line.debit), None)
    if use is None:
        return UnableToAward(
            "BUDGET_SHORT",
            f"年度预算余额不足{text}元",
            f"the year's budget does not cover {text} yuan",
            field="amount_fen",
        )
    return UnableToAward(
        "CAP_REACHED",
        f"超过“{use.label.zh}”：上限{yuan(use.limit_fen)}元，本次{text}元",
        f"past the cap {use.label.en}: limit {yuan(use.limit_fen)}, this award {text} yuan",
        field="amount_fen",
        clause=use.cap_id,
    )

"""The reserve fund is an imprest: what was advanced is always in the fund, spent and not replaced yet, or owed to it.

reserve + unreplenished + receivable - due to treasury = treasury advance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party.rules import Role
from jiaozi.settlement.rules.life import State


class UnableToMoveFunds(Refused):
    """The reserve fund can't be moved so; the reason has the figure that is short."""


class FundKind(StrEnum):
    """The five ways in which real money enters or leaves the reserve fund, besides the payment of a statement."""

    PREFUND = "PREFUND"
    REPLENISH = "REPLENISH"
    RECOVER = "RECOVER"
    REMIT = "REMIT"
    RETURN = "RETURN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservePosition:
    """What a programme's reserve fund stands at, in fen."""

    reserve_fen: int = 0
    unreplenished_fen: int = 0
    receivable_fen: int = 0
    due_fen: int = 0
    advance_fen: int = 0
    spent_fen: int = 0

    @property
    def difference_fen(self) -> int:
        """What is missing from the imprest identity: always 0."""
        return self.reserve_fen + self.unreplenished_fen + self.receivable_fen - self.due_fen - self.advance_fen


@dataclass(frozen=True, slots=True)
class Split:
    """How a disallowed amount falls: on what the treasury has not replaced yet, and on what it has."""

    from_unreplenished_fen: int
    due_fen: int


def split_disallowed(amount_fen: int, *, net_fen: int, earlier_fen: int, replenished_fen: int) -> Split:
    """Divide a disallowed amount; replenishments replace the oldest payments first.

    Parameters
    ----------
    net_fen
        What the statement cost the reserve: paid, less what was disallowed of it before it was replaced.
    earlier_fen
        The same for all statements that were paid before it.
    replenished_fen
        All replenishments of the programme.

    Examples
    --------
    >>> split_disallowed(30, net_fen=100, earlier_fen=50, replenished_fen=130)
    Split(from_unreplenished_fen=20, due_fen=10)
    """
    replaced_fen = min(max(replenished_fen - earlier_fen, 0), net_fen)
    from_unreplenished_fen = min(amount_fen, net_fen - replaced_fen)
    return Split(from_unreplenished_fen, amount_fen - from_unreplenished_fen)


def check_amount(amount_fen: int) -> None:
    """Let only a positive amount be moved.

    Raises
    ------
    UnableToMoveFunds
        Otherwise.
    """
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or amount_fen <= 0:
        raise UnableToMoveFunds(
            "AMOUNT_MISSING",
            "金额须为大于零的整数分",
            "the amount must be whole fen, more than zero",
            field="amount_fen",
        )


def check_covers(amount_fen: int, available_fen: int, what: Label) -> None:
    """Let no more be moved than there is.

    Raises
    ------
    UnableToMoveFunds
        With the figure that there is.
    """
    if amount_fen > available_fen:
        raise UnableToMoveFunds(
            "AMOUNT_TOO_LARGE",
            f"{what.zh}为{yuan(available_fen)}元，不足{yuan(amount_fen)}元",
            f"{what.en}: {yuan(available_fen)}, less than {yuan(amount_fen)} yuan",
            field="amount_fen",
        )


RESERVE = Label("备用金余额", "the reserve")
UNREPLENISHED = Label("待补足金额", "what is not replenished yet")
DUE = Label("应缴回财政金额", "what is due to the treasury")
ON_LINE = Label("该行尚未剔除的金额", "what is left of this line")
STILL_OWED = Label("尚未追回的金额", "what is still owed")


def outstanding(position: ReservePosition, unpaid_fen: int, unfinished: int) -> tuple[Reason, ...]:
    """Say what keeps the reserve from going back to the treasury; nothing when it can."""
    figures = (
        ("UNREPLENISHED", position.unreplenished_fen, UNREPLENISHED),
        ("RECEIVABLE", position.receivable_fen, Label("待追回金额", "still to be recovered")),
        ("DUE_TO_TREASURY", position.due_fen, DUE),
        ("UNPAID", unpaid_fen, Label("已冻结或已核销而未支付", "held or captured and not paid")),
    )
    reasons = [
        Reason(code, Label(f"{what.zh}：{yuan(fen)}元", f"{what.en}: {yuan(fen)} yuan"), field="reserve")
        for code, fen, what in figures
        if fen
    ]
    if unfinished:
        label = Label(f"{unfinished}张结算单未办结", f"{unfinished} statements not finished")
        reasons.append(Reason("STATEMENTS_UNFINISHED", label, field="statements"))
    return tuple(reasons)


def check_move(kind: FundKind, amount_fen: int, now_at: ReservePosition, owed_fen: int) -> None:
    """Let a movement be no more than what it draws on.

    Raises
    ------
    UnableToMoveFunds
        With the figure that is short.
    """
    if kind is FundKind.REPLENISH:
        check_covers(amount_fen, now_at.unreplenished_fen, UNREPLENISHED)
    if kind is FundKind.RECOVER:
        check_covers(amount_fen, owed_fen, STILL_OWED)
    if kind is FundKind.REMIT:
        check_covers(amount_fen, now_at.due_fen, DUE)
        check_covers(amount_fen, now_at.reserve_fen, RESERVE)


def check_finance(role: Role) -> None:
    """Let finance move the reserve.

    Raises
    ------
    UnableToMoveFunds
        When it is somebody else.
    """
    if role is not Role.FINANCE:
        raise UnableToMoveFunds("WRONG_ROLE", "备用金由财政办理", "finance moves the reserve", field="role")


def check_disallower(role: Role) -> None:
    """Let an officer or finance disallow.

    Raises
    ------
    UnableToMoveFunds
        When it is somebody else.
    """
    if role not in {Role.OFFICER, Role.FINANCE}:
        raise UnableToMoveFunds("WRONG_ROLE", "剔除由经办或财政办理", "an officer or finance disallows", field="role")


def check_disallowed(amount_fen: int, state: str, left_fen: int) -> None:
    """Let only what was paid be disallowed, and of a line no more than what is left.

    Raises
    ------
    UnableToMoveFunds
        With what would be right.
    """
    if state != State.PAID:
        raise UnableToMoveFunds(
            "NOT_PAID",
            "未支付的结算单请提出争议，不作剔除",
            "only a paid line is disallowed; dispute the statement instead",
            field="statement",
        )
    check_covers(amount_fen, left_fen, ON_LINE)


def check_year_over(end: date, today: date) -> None:
    """Let a year be closed from the first day of the next.

    Raises
    ------
    UnableToMoveFunds
        Before that.
    """
    if today < end:
        raise UnableToMoveFunds(
            "YEAR_NOT_OVER", f"{end}起方可年终结账", f"the year can be closed from {end}", field="year"
        )

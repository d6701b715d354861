"""The reserve fund is an imprest: what was advanced is always in the fund, spent and not replaced yet, or owed to it.

reserve + unreplenished + receivable - due to treasury = treasury advance.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.party.rules import Actor, Role
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
    """Let only a positive amount be moved, and none past what the ledger takes.

    Raises
    ------
    UnableToMoveFunds
        Otherwise.
    """
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or not 0 < amount_fen <= AMOUNT_MAX_FEN:
        raise UnableToMoveFunds(
            "AMOUNT_MISSING",
            f"金额须为大于零的整数分，不超过{yuan(AMOUNT_MAX_FEN)}元",
            f"the amount must be whole fen, more than zero, at most {yuan(AMOUNT_MAX_FEN)} yuan",
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


def check_apart(decided_by: str, by: Actor) -> None:
    """Let another person record that it came back than the one who took it back.

    Raises
    ------
    UnableToMoveFunds
        When it is the same.
    """
    if decided_by == by.name:
        raise UnableToMoveFunds(
            "SAME_PERSON",
            "作出剔除或追回决定的人不得登记收回，请由另一名财政人员登记",
            "who took it back can't record that it came back; another person of finance must",
            field="by",
        )


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

"""What issuing a voucher writes, and why it may not be issued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import Account, Transfer, post
from jiaozi.policy.rules import CapUse, Decision, Grant, Measure
from jiaozi.voucher.rules.accounts import available_account, cap_accounts, voucher_account
from jiaozi.voucher.rules.caps import counted


class UnableToIssue(Refused):
    """No voucher can be issued now; the reason names the cap or the budget that is short."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What one issue writes: accounts to be open, and the chain that must stand."""

    accounts: tuple[Account, ...]
    chain: tuple[Transfer, ...]


def issue_lines(*, voucher_id: UUID, programme: str, year: int, amount_fen: int, caps: Sequence[CapUse]) -> Issue:
    """Give what issuing writes: the face from the year's budget, and every cap measured on issue."""
    measured = counted(caps, Measure.ISSUED)
    available, own = available_account(programme, year), voucher_account(programme, voucher_id)
    chain = [post(named_id("issue", voucher_id), available, own, amount_fen, "voucher.issue", voucher_id)]
    for use in measured:
        _, cap, counter = cap_accounts(programme, use.key)
        chain.append(
            post(named_id("issue", voucher_id, use.key), cap, counter, amount_fen, "voucher.issue.cap", voucher_id)
        )
    return Issue((available, own), tuple(chain))


def check_valid(issued: date, last: date) -> None:
    """Let no voucher be issued that could not be spent on any day.

    Raises
    ------
    UnableToIssue
        When the programme's vouchers are not valid any more.
    """
    if last < issued:
        raise UnableToIssue(
            "NOT_VALID_ANY_MORE",
            f"该项目的算力券有效至{last}，不再发放",
            f"vouchers of this programme are valid until {last}; none is issued after that",
            field="valid_until",
        )


def check_grants_voucher(decision: Decision) -> None:
    """Let only a clause that grants vouchers lead to one; an award is paid another way.

    Raises
    ------
    UnableToIssue
        Otherwise.
    """
    if decision.grants is not Grant.VOUCHER:
        raise UnableToIssue(
            "NO_VOUCHER_CLAUSE",
            "该条款不发放算力券",
            "this clause grants no voucher",
            field="clause",
            clause=decision.chosen,
        )


def short_of(line: Transfer, caps: Iterable[CapUse]) -> UnableToIssue:
    """Say which cap, or the year's budget, does not cover an issue."""
    for use in caps:
        if line.id == named_id("issue", line.reference, use.key):
            return UnableToIssue(
                "CAP_REACHED",
                f"超过“{use.label.zh}”：上限{yuan(use.limit_fen)}元，本次{yuan(line.amount_fen)}元",
                f"past the cap {use.label.en}: limit {yuan(use.limit_fen)}, this issue {yuan(line.amount_fen)} yuan",
                field="amount_fen",
                clause=use.cap_id,
            )
    return UnableToIssue(
        "BUDGET_SHORT",
        f"年度预算余额不足以发放{yuan(line.amount_fen)}元",
        f"the year's budget does not cover {yuan(line.amount_fen)} yuan",
        field="amount_fen",
    )

"""The year's budget for vouchers: who approves it, for which year, and within which cap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.period import Period
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules.pools import Pool, bounding, most_fen
from jiaozi.voucher.rules.issuing import UnableToIssue


def check_budget(by: Actor, amount_fen: int) -> None:
    """Let finance approve a positive budget.

    Raises
    ------
    UnableToIssue
        Otherwise.
    """
    if by.role is not Role.FINANCE:
        raise UnableToIssue("WRONG_ROLE", "年度预算须由财政批准", "finance approves the year's budget", field="role")
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or not 0 < amount_fen <= AMOUNT_MAX_FEN:
        raise UnableToIssue(
            "AMOUNT_MISSING",
            f"预算金额须为大于零的整数分，不超过{yuan(AMOUNT_MAX_FEN)}元",
            f"a budget must be whole fen, more than zero, at most {yuan(AMOUNT_MAX_FEN)} yuan",
            field="amount_fen",
        )


def check_programme_name(programme: str) -> None:
    """Let a programme be named by what can be printed; anything else can't even be looked for.

    Raises
    ------
    UnableToIssue
        Otherwise.
    """
    if not programme.isprintable():
        raise UnableToIssue(
            "NO_SUCH_PROGRAMME", "项目名含有不可打印的字符", "the programme's name can't be printed", field="programme"
        )


def budget_event(*, for_awards: bool) -> str:
    """Name the event of a budget: for vouchers, which the yearly cap on issue counts, or for awards beside them."""
    return "budget.awards" if for_awards else "budget.approve"


def check_same_budget(found: tuple[UUID, int, str], asked: tuple[UUID, int, str], reference: UUID) -> None:
    """Let a reference stand for one approval: the same account, amount and event.

    Raises
    ------
    UnableToIssue
        Otherwise.
    """
    if found != asked:
        raise UnableToIssue(
            "REFERENCE_USED",
            f"批准文号{reference}已用于另一笔预算",
            f"the reference {reference} already stands for another budget",
            field="reference",
        )


def check_budget_year(year: int, today: date) -> None:
    """Let a budget be approved for this year or the next: of a year that is over nothing can be issued any more.

    Raises
    ------
    UnableToIssue
        Naming the years that take one.
    """
    if year < today.year:
        raise UnableToIssue(
            "YEAR_OVER",
            f"{year}年度已结束，不再批准预算；可批准{today.year}或{today.year + 1}年度",
            f"the year {year} is over and takes no budget; {today.year} and {today.year + 1} do",
            field="year",
        )
    if year > today.year + 1:
        raise UnableToIssue(
            "YEAR_TOO_FAR",
            f"只批准{today.year}或{today.year + 1}年度的预算",
            f"budgets are approved for {today.year} or {today.year + 1}",
            field="year",
        )


def yearly_pools(of: Iterable[Pool], whole: Period) -> tuple[Pool, ...]:
    """Give the pools that bound what a whole year may issue; none where none is published."""
    return bounding(pool for pool in of if pool.period == whole)


def check_within_pools(amount_fen: int, budgeted_fen: int, bounds: Sequence[Pool]) -> None:
    """Let the year's budgets for vouchers add up to no more than may be issued in it, from all its pools together.

    Raises
    ------
    UnableToIssue
        With what is left.
    """
    limit_fen = most_fen(bounds)
    if bounds and budgeted_fen + amount_fen > limit_fen:
        left_fen = max(0, limit_fen - budgeted_fen)
        zh = "、".join(pool.label.zh for pool in bounds)
        en = ", ".join(pool.label.en for pool in bounds)
        raise UnableToIssue(
            "CAP_REACHED",
            f"超过“{zh}”{yuan(limit_fen)}元：已批准{yuan(budgeted_fen)}元，"
            f"尚可批准{yuan(left_fen)}元，本次{yuan(amount_fen)}元",
            f"past the cap {en} of {yuan(limit_fen)}: approved are {yuan(budgeted_fen)}, "
            f"left {yuan(left_fen)}, this budget {yuan(amount_fen)} yuan",
            field="amount_fen",
            clause=", ".join(pool.cap_id for pool in bounds),
        )

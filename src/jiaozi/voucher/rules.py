"""A voucher is a right to a share of compute fees up to its face; what is left of it is always the ledger's word.

Here are its life cycle and the lines that each step of it writes into the books ``face`` and ``limits``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.period import Period
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import AMOUNT_MAX_FEN, Account, AccountKind, Transfer, post
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import CapUse, Decision, Grant, Measure, Subject


class State(StrEnum):
    """Where a voucher stands; how much of it is used follows from its balance."""

    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.ACTIVE: Label("有效", "active"),
    State.FROZEN: Label("已停用", "frozen"),
    State.EXPIRED: Label("已过期", "expired"),
    State.CANCELLED: Label("已作废", "cancelled"),
    State.REVOKED: Label("已撤销", "revoked"),
}

_OFFICER = frozenset({Role.OFFICER})
_TIME = frozenset({Role.OFFICER, Role.SYSTEM})
TRANSITIONS: Table[State] = {
    (State.ACTIVE, "freeze"): (_OFFICER, State.FROZEN),
    (State.FROZEN, "unfreeze"): (_OFFICER, State.ACTIVE),
    (State.ACTIVE, "expire"): (_TIME, State.EXPIRED),
    (State.FROZEN, "expire"): (_TIME, State.EXPIRED),
    (State.ACTIVE, "cancel"): (_OFFICER, State.CANCELLED),
    (State.ACTIVE, "revoke"): (_OFFICER, State.REVOKED),
    (State.FROZEN, "revoke"): (_OFFICER, State.REVOKED),
}


class UnableToIssue(Refused):
    """No voucher can be issued now; the reason names the cap or the budget that is short."""


class UnableToChange(Refused):
    """The voucher can't take this step now."""


class UnableToSpend(Refused):
    """The voucher can't be spent here and now."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What one issue writes: accounts to be open, the caps' own credit (idempotent), and the chain that must stand."""

    accounts: tuple[Account, ...]
    limits: tuple[Transfer, ...]
    chain: tuple[Transfer, ...]


def available_account(programme: str, year: int) -> Account:
    """Give the account of the year's budget that is not issued yet."""
    return Account(AccountKind.AVAILABLE, programme, str(year))


def voucher_account(programme: str, voucher_id: UUID) -> Account:
    """Give a voucher's own account in the book ``face``."""
    return Account(AccountKind.VOUCHER, programme, str(voucher_id))


def cap_accounts(programme: str, key: str) -> tuple[Account, Account, Account]:
    """Give the source, the cap and the counter of one cap for one subject and period."""
    return (
        Account(AccountKind.CAP_SOURCE, programme),
        Account(AccountKind.CAP, programme, key),
        Account(AccountKind.COUNTED, programme, key),
    )


def counted(caps: Iterable[CapUse], *measures: Measure) -> list[CapUse]:
    """Give the caps that are measured at a step; a cap on a single claim adds nothing up."""
    return [cap for cap in caps if cap.measures in measures and cap.subject is not Subject.CLAIM]


def limit_posts(programme: str, caps: Iterable[CapUse]) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the accounts of caps and the posts that credit each with its limit, once for ever by their ids."""
    accounts: list[Account] = []
    posts: list[Transfer] = []
    for use in caps:
        source, cap, counter = cap_accounts(programme, use.key)
        accounts += [source, cap, counter]
        posts.append(post(named_id("limit", programme, use.key), source, cap, use.limit_fen, "cap.set"))
    return tuple(accounts), tuple(posts)


def issue_lines(*, voucher_id: UUID, programme: str, year: int, amount_fen: int, caps: Sequence[CapUse]) -> Issue:
    """Give what issuing writes: the face from the year's budget, and every cap measured on issue."""
    measured = counted(caps, Measure.ISSUED)
    accounts, limits = limit_posts(programme, measured)
    available, own = available_account(programme, year), voucher_account(programme, voucher_id)
    chain = [post(named_id("issue", voucher_id), available, own, amount_fen, "voucher.issue", voucher_id)]
    for use in measured:
        _, cap, counter = cap_accounts(programme, use.key)
        chain.append(
            post(named_id("issue", voucher_id, use.key), cap, counter, amount_fen, "voucher.issue.cap", voucher_id)
        )
    return Issue((available, own, *accounts), limits, tuple(chain))


_SINKS = {"expire": AccountKind.LAPSED, "cancel": AccountKind.REVOKED, "revoke": AccountKind.REVOKED}


def sink_account(programme: str, verb: str) -> Account:
    """Give the account that takes what an ended voucher had left.

    The cap on issue counts what was ever issued, so what comes back is not available again.
    """
    return Account(_SINKS[verb], programme)


def end_lines(
    *, voucher_id: UUID, programme: str, verb: str, spendable_fen: int, step: str = ""
) -> tuple[Transfer, ...]:
    """Give what ending a voucher writes: its unspent part goes to the sink; held parts stay until their jobs end."""
    if not spendable_fen:
        return ()
    own = voucher_account(programme, voucher_id)
    id_ = named_id("end", voucher_id, verb, step)
    return (post(id_, own, sink_account(programme, verb), spendable_fen, f"voucher.{verb}", voucher_id),)


_END_VERBS = {State.EXPIRED: "expire", State.CANCELLED: "cancel", State.REVOKED: "revoke"}


def released_lines(
    *, state: State, voucher_id: UUID, programme: str, order_id: UUID, released_fen: int
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the account and the lines by which the rest of a hold follows a voucher that has ended meanwhile.

    A voucher that lives keeps what its hold released: no lines.
    """
    verb = _END_VERBS.get(state)
    if verb is None or not released_fen:
        return (), ()
    lines = end_lines(
        voucher_id=voucher_id, programme=programme, verb=verb, spendable_fen=released_fen, step=str(order_id)
    )
    return (sink_account(programme, verb),), lines


def check_expiry(valid_until: date, today: date) -> None:
    """Let a voucher expire only after its last day.

    Raises
    ------
    UnableToChange
        Before that.
    """
    if today <= valid_until:
        raise UnableToChange(
            "STILL_VALID",
            f"有效期至{valid_until}，尚未到期",
            f"valid until {valid_until}, not over yet",
            field="valid_until",
        )


def check_unused(face_fen: int, spendable_fen: int) -> None:
    """Let a voucher be cancelled only while nothing of it is held or used.

    Raises
    ------
    UnableToChange
        When something is.
    """
    if spendable_fen != face_fen:
        raise UnableToChange(
            "PARTLY_USED",
            "算力券已使用或有冻结，不能作废，可撤销余额",
            "it is used or held in part: revoke instead of cancel",
            field="voucher",
        )


def ends(verb: str) -> bool:
    """Say whether a verb ends a voucher for good."""
    return verb in _SINKS


def check_end(verb: str, face_fen: int, spendable_fen: int, valid_until: date, today: date) -> None:
    """Check what a verb asks of a voucher beyond its state.

    Raises
    ------
    UnableToChange
        When it is cancelled though used, or expired before its time.
    """
    if verb == "expire":
        check_expiry(valid_until, today)
    if verb == "cancel":
        check_unused(face_fen, spendable_fen)


def check_spendable(state: State, valid_until: date, today: date) -> None:
    """Let an active voucher be spent up to its last day.

    Raises
    ------
    UnableToSpend
        Naming the state or the date.
    """
    if state is not State.ACTIVE:
        raise UnableToSpend(
            "VOUCHER_NOT_ACTIVE",
            f"算力券{state.label.zh}，不能使用",
            f"the voucher is {state.label.en}",
            field="voucher",
        )
    if today > valid_until:
        raise UnableToSpend(
            "VOUCHER_EXPIRED", f"算力券已于{valid_until}到期", f"the voucher expired on {valid_until}", field="voucher"
        )


def check_reason(reason: str) -> str:
    """Give an officer's reason, which must say something.

    Raises
    ------
    UnableToChange
        When it is empty.
    """
    if not reason.strip():
        raise UnableToChange("REASON_MISSING", "请写明理由", "give a reason", field="reason")
    return reason.strip()


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


def yearly_cap(caps: Iterable[CapUse], whole: Period) -> CapUse | None:
    """Give the smallest of a programme's caps that count what a whole year issues; None where none is published."""
    yearly = [use for use in caps if use.measures is Measure.ISSUED and use.period == whole]
    return min(yearly, key=lambda use: use.limit_fen, default=None)


def check_within_cap(amount_fen: int, budgeted_fen: int, cap: CapUse | None) -> None:
    """Let the year's budgets for vouchers add up to no more than may be issued in it.

    Raises
    ------
    UnableToIssue
        With what is left of the cap.
    """
    if cap is not None and budgeted_fen + amount_fen > cap.limit_fen:
        left_fen = max(0, cap.limit_fen - budgeted_fen)
        raise UnableToIssue(
            "CAP_REACHED",
            f"超过“{cap.label.zh}”{yuan(cap.limit_fen)}元：已批准{yuan(budgeted_fen)}元，"
            f"尚可批准{yuan(left_fen)}元，本次{yuan(amount_fen)}元",
            f"past the cap {cap.label.en} of {yuan(cap.limit_fen)}: approved are {yuan(budgeted_fen)}, "
            f"left {yuan(left_fen)}, this budget {yuan(amount_fen)} yuan",
            field="amount_fen",
            clause=cap.cap_id,
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

"""A statement's life: open, closed, matched, approved, paid; one that is disputed is adjusted by the next one.

The centre claims, the officer or the platform's operator closes and matches, finance approves and another of finance
pays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table, advance
from jiaozi.kernel.period import Period, month, year
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import CapUse
from jiaozi.policy.rules.words import Interval

REFERENCE_MAX = 80
REASON_MAX = 400


class State(StrEnum):
    """Where a statement stands."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MATCHED = "MATCHED"
    APPROVED = "APPROVED"
    PAID = "PAID"
    DISPUTED = "DISPUTED"
    ADJUSTED = "ADJUSTED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.OPEN: Label("归集中", "open"),
    State.CLOSED: Label("已关账", "closed"),
    State.MATCHED: Label("已对平", "matched"),
    State.APPROVED: Label("已批准", "approved"),
    State.PAID: Label("已支付", "paid"),
    State.DISPUTED: Label("有争议", "disputed"),
    State.ADJUSTED: Label("转下期调整", "adjusted by the next one"),
}


class LineKind(StrEnum):
    """Whether a line is of the statement's own period, or came too late for an earlier one."""

    CAPTURE = "CAPTURE"
    ADJUSTMENT = "ADJUSTMENT"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return {
            LineKind.CAPTURE: Label("本期核销", "capture of the period"),
            LineKind.ADJUSTMENT: Label("前期调整", "adjustment of an earlier period"),
        }[self]


_CENTRE = frozenset({Role.CENTRE})
_HOUSE = frozenset({Role.OFFICER, Role.OPERATOR})
_FINANCE = frozenset({Role.FINANCE})
_ANY = _CENTRE | _HOUSE | _FINANCE
TRANSITIONS: Table[State] = {
    (State.OPEN, "close"): (_HOUSE | {Role.SYSTEM}, State.CLOSED),
    (State.CLOSED, "claim"): (_CENTRE, State.CLOSED),
    (State.CLOSED, "match"): (_HOUSE, State.MATCHED),
    (State.MATCHED, "approve"): (_FINANCE, State.APPROVED),
    (State.APPROVED, "pay"): (_FINANCE, State.PAID),
    (State.CLOSED, "dispute"): (_ANY, State.DISPUTED),
    (State.MATCHED, "dispute"): (_ANY, State.DISPUTED),
    (State.APPROVED, "dispute"): (_ANY, State.DISPUTED),
    (State.DISPUTED, "resolve"): (_HOUSE, State.ADJUSTED),
}


def check_may_pay(role: Role) -> None:
    """Let only those who pay ask for it: whoever may not is told nothing of the statement.

    Raises
    ------
    UnableToStep
        Naming the roles that may.
    """
    advance(TRANSITIONS, State.APPROVED, "pay", role)


class UnableToClose(Refused):
    """There is nothing to close, or not yet."""


class UnableToPay(Refused):
    """The statement can't be paid now."""


class UnableToWrite(Refused):
    """A reason or a reference is missing or already stands for something else."""


_YEARS = range(1900, 3000)


def check_years(period: Period) -> None:
    """Let a statement be of days that a calendar of today has: no other is a day that anything was captured on.

    Raises
    ------
    UnableToClose
        When its first or last day is further away.
    """
    if period.first.year not in _YEARS or period.last.year not in _YEARS:
        raise UnableToClose(
            "PERIOD_WRONG",
            f"起止日期须在{_YEARS[0]}年至{_YEARS[-1]}年之间",
            f"the first and the last day must be from {_YEARS[0]} to {_YEARS[-1]}",
            field="period",
        )


def check_closing(period: Period, today: date, role: Role) -> None:
    """Let people close early, up to and with today; the clock closes only what is over.

    What is captured after an early close is the next statement's. No one closes days to come: a statement of a whole
    month that was closed on its tenth would be the one that the clock finds at the month's end, and take nothing more.

    Raises
    ------
    UnableToClose
        Naming the first day on which it can be closed.
    """
    check_years(period)
    first = period.end if role is Role.SYSTEM else period.last
    if today < first:
        raise UnableToClose(
            "PERIOD_NOT_OVER",
            f"结算期{period.name()}尚未结束，{first}起可关账；提前关账的止日最晚为今天（{today}）",
            f"the period {period.name()} can be closed from {first}; an early close reaches up to today, {today}",
            field="period",
        )


def check_opener(role: Role) -> None:
    """Let the house open a statement.

    Raises
    ------
    UnableToClose
        When it is somebody else.
    """
    if role not in _HOUSE | {Role.SYSTEM}:
        raise UnableToClose(
            "WRONG_ROLE", "结算单须由经办或运营方建立", "an officer or the operator opens a statement", field="role"
        )


def nothing_to_close(centre: str, period: Period) -> UnableToClose:
    """Say that no capture waits."""
    return UnableToClose(
        "NOTHING_CAPTURED",
        f"{centre}在{period.last}前没有待结算的核销",
        f"{centre} has no capture up to {period.last} that waits for settlement",
        field="centre",
    )


def closed_already(period: Period) -> UnableToClose:
    """Say that a statement of these very days is closed, so that nothing was closed now."""
    return UnableToClose(
        "CLOSED_ALREADY",
        f"{period.first}至{period.last}已经关账，本次未关账；其后核销的入下一张结算单",
        f"{period.first} to {period.last} is closed already and nothing was closed now; what was captured since goes "
        "on the next statement",
        field="period",
    )


@dataclass(frozen=True, slots=True)
class Closed:
    """What is closed of a centre's days: the first day after its last statement, and whether one is of today alone."""

    until: date
    today: bool


def early_period(closed: Closed | None, today: date) -> Period | None:
    """Propose the days of a centre's early close: from where its last statement ended, not before this month, to today.

    No day that is over is proposed twice. Today, which is not over, is once more by itself: what came since an early
    close is settled the same day. None where a statement of today alone is closed too: the next begins tomorrow.

    >>> early_period(Closed(date(2024, 5, 6), today=False), date(2024, 5, 20)).name()
    '2024-05-06..2024-05-20'
    >>> early_period(Closed(date(2024, 5, 21), today=False), date(2024, 5, 20)).name()
    '2024-05-20..2024-05-20'
    >>> early_period(Closed(date(2024, 5, 21), today=True), date(2024, 5, 20)) is None
    True
    """
    first = max(today.replace(day=1), min(closed.until, today) if closed else date.min)
    return None if closed and closed.today and first == today else Period(first, today + timedelta(days=1))


def check_apart(approved_by: str, by: Actor) -> None:
    """Let another person pay than the one who approved.

    Raises
    ------
    UnableToPay
        When it is the same.
    """
    if approved_by == by.name:
        raise UnableToPay(
            "SAME_PERSON",
            "批准人不得办理支付，请由另一名财政人员支付",
            "who approved can't pay; another person of finance must",
            field="by",
        )


def reserve_short(due_fen: int, reserve_fen: int) -> UnableToPay:
    """Say how much the reserve is short of a payment."""
    return UnableToPay(
        "RESERVE_SHORT",
        f"备用金余额{yuan(reserve_fen)}元，应付{yuan(due_fen)}元，差{yuan(due_fen - reserve_fen)}元，请先补足备用金",
        f"the reserve has {yuan(reserve_fen)}, due are {yuan(due_fen)}, short by {yuan(due_fen - reserve_fen)} yuan; "
        "replenish first",
        field="reserve",
    )


def pay_cap_reached(use: CapUse, amount_fen: int) -> UnableToPay:
    """Say which cap a payment would pass."""
    return UnableToPay(
        "CAP_REACHED",
        f"超过“{use.label.zh}”：上限{yuan(use.limit_fen)}元，本次{yuan(amount_fen)}元",
        f"past the cap {use.label.en}: limit {yuan(use.limit_fen)}, this payment {yuan(amount_fen)} yuan",
        field="statement",
        clause=use.cap_id,
    )


def check_words(text: str, field: str, most: int = REFERENCE_MAX) -> str:
    """Give a reason or a reference without the space around it.

    Raises
    ------
    UnableToWrite
        When nothing is left, or it is too long.
    """
    text = text.strip()
    if not text or len(text) > most:
        raise UnableToWrite(
            "TEXT_MISSING", f"请填写，不超过{most}字", f"write something, at most {most} characters", field=field
        )
    return text


def reference_used(reference: str) -> UnableToWrite:
    """Say that a reference already stands for another movement."""
    return UnableToWrite(
        "REFERENCE_USED",
        f"凭证号{reference}已用于另一笔款项",
        f"the reference {reference} already stands for another movement",
        field="reference",
    )


_QUARTER_MONTHS = 3


def last_period(interval: Interval, today: date) -> Period | None:
    """Give the settlement period that ended last, or None where statements are closed on demand.

    >>> last_period(Interval.QUARTERLY, date(2024, 1, 1)).first
    datetime.date(2023, 10, 1)
    """
    if interval is Interval.ON_DEMAND:
        return None
    if interval is Interval.YEARLY:
        return year(today.year - 1)
    months = _QUARTER_MONTHS if interval is Interval.QUARTERLY else 1
    end = today.year * 12 + (today.month - 1) // months * months
    first = end - months
    return Period(
        month(first // 12, first % 12 + 1).first,
        month(end // 12, end % 12 + 1).first,
    )

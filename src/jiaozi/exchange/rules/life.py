"""A session's life, who may do what, and what keeps an order sealed."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.period import SHANGHAI
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role

REASON_MAX = 500
REFERENCE_MAX = 80
ENTRIES_MAX = 2_000
"""Orders that one call may enter."""
PARTY_ORDERS_MAX = 20_000
"""Live orders that a party may have in one session."""


class SessionState(StrEnum):
    """How far a session is."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CLEARED = "CLEARED"
    SETTLED = "SETTLED"
    VOIDED = "VOIDED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]

    @property
    def told(self) -> bool:
        """Whether there is a result to tell."""
        return self in {SessionState.CLEARED, SessionState.SETTLED}


_LABELS = {
    SessionState.OPEN: Label("接受报价", "open"),
    SessionState.CLOSED: Label("已截止", "closed"),
    SessionState.CLEARED: Label("已出清", "cleared"),
    SessionState.SETTLED: Label("已结算", "settled"),
    SessionState.VOIDED: Label("已作废", "voided"),
}

_CLOCKWORK = frozenset({Role.SYSTEM, Role.OPERATOR})
TRANSITIONS: Table[SessionState] = {
    (SessionState.OPEN, "close"): (_CLOCKWORK, SessionState.CLOSED),
    (SessionState.CLOSED, "clear"): (_CLOCKWORK, SessionState.CLEARED),
    (SessionState.CLEARED, "settle"): (_CLOCKWORK, SessionState.SETTLED),
    (SessionState.OPEN, "void"): (frozenset({Role.OFFICER}), SessionState.VOIDED),
    (SessionState.CLOSED, "void"): (frozenset({Role.OFFICER}), SessionState.VOIDED),
    (SessionState.CLEARED, "void"): (frozenset({Role.OFFICER}), SessionState.VOIDED),
}


class OrderState(StrEnum):
    """Whether an order counts; what became of it stands in ``accepted`` and ``code``."""

    LIVE = "LIVE"
    WITHDRAWN = "WITHDRAWN"


class UnableToTrade(Refused):
    """The verb is not possible: for this actor, at this time, or with these figures."""


class UnableToReplay(Refused):
    """The session has no result yet."""


class UnableToReadOrders(Refused):
    """The orders are sealed for this reader."""


def check_role(by: Actor, *roles: Role) -> None:
    """Keep a verb to some roles.

    Raises
    ------
    UnableToTrade
        Naming who may.
    """
    if by.role not in roles:
        right = "、".join(roles)
        raise UnableToTrade(
            "WRONG_ROLE",
            f"{by.role}无权办理，须由{right}办理",
            f"{by.role} may not; {right.replace('、', ' or ')} may",
            field="role",
        )


def trader(by: Actor, seat: UUID | None = None) -> UUID:
    """Give the organisation that an actor trades for: its own, nobody enters for another.

    Parameters
    ----------
    seat
        The organisation that the actor's centre trades as.

    Raises
    ------
    UnableToTrade
        When the actor speaks for no organisation, or for a centre that is not admitted.
    """
    check_role(by, Role.APPLICANT, Role.CENTRE)
    party = seat if by.role is Role.CENTRE else by.organisation
    if party is None and by.role is Role.CENTRE:
        raise UnableToTrade(
            "NOT_ADMITTED",
            f"算力中心{by.centre or ''}尚未登记交易主体，请联系平台运营",
            f"the centre {by.centre or ''} is not admitted to the exchange yet; ask the operator",
            field="party",
        )
    if party is None:
        raise UnableToTrade(
            "NO_ORGANISATION", "请以本单位身份报价", "orders are entered for one's own organisation", field="party"
        )
    return party


def no_such_order() -> UnableToTrade:
    """Say that there is no such order, or that it is another's: nobody can tell which."""
    return UnableToTrade("NO_SUCH_ORDER", "没有这笔报价", "there is no such order of yours", field="order")


def check_entering(state: SessionState, closes_at: datetime, now: datetime) -> None:
    """Let orders in and out only while a session is open.

    Raises
    ------
    UnableToTrade
        When it is over.
    """
    if state is not SessionState.OPEN or now >= closes_at:
        raise UnableToTrade(
            "SESSION_OVER",
            f"本场已于{closes_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}截止，或已作废",
            f"the session takes no orders since {closes_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, or is void",
            field="session",
        )


def check_closing(closes_at: datetime, now: datetime) -> None:
    """Close no session before its time: everybody was promised it.

    Raises
    ------
    UnableToTrade
        When it is too early.
    """
    if now < closes_at:
        raise UnableToTrade(
            "TOO_EARLY",
            f"本场{closes_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}才截止",
            f"the session stays open until {closes_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            field="session",
        )


def check_opening(closes_at: datetime, first_start: datetime, now: datetime) -> None:
    """Open a session only if it closes later, and before the first period that it trades.

    Raises
    ------
    UnableToTrade
        Naming the time that is wrong.
    """
    if not now < closes_at <= first_start:
        raise UnableToTrade(
            "TIMES_WRONG",
            "截止时间须晚于现在，且不晚于首个时段开始",
            "a session closes later than now, and no later than its first period starts",
            field="closes_at",
        )


def check_count(entries: int, already: int) -> None:
    """Keep one call and one party within their bounds.

    Raises
    ------
    UnableToTrade
        Naming the bound.
    """
    if not 1 <= entries <= ENTRIES_MAX or already + entries > PARTY_ORDERS_MAX:
        raise UnableToTrade(
            "TOO_MANY",
            f"每次1至{ENTRIES_MAX}笔，每单位每场至多{PARTY_ORDERS_MAX}笔",
            f"1 to {ENTRIES_MAX} orders at once, and at most {PARTY_ORDERS_MAX} a party and session",
            field="orders",
        )


def check_words(words: str, field: str, most: int = REASON_MAX) -> str:
    """Give a reason or reference in its standard form.

    Raises
    ------
    UnableToTrade
        When it is empty or too long.
    """
    clean = " ".join(words.split())
    if not clean or len(clean) > most:
        raise UnableToTrade(
            "WORDS_MISSING", f"请填写（最长{most}字）", f"write it, in at most {most} characters", field=field
        )
    return clean


def check_reader(by: Actor, state: SessionState) -> None:
    """Open a session's sealed orders to an auditor, and only when they can't move the price any more.

    Raises
    ------
    UnableToReadOrders
        For everybody else, and before.
    """
    if by.role is not Role.AUDITOR or state in {SessionState.OPEN, SessionState.CLOSED}:
        raise UnableToReadOrders(
            "SEALED",
            "报价密封：仅审计人员可在出清后查阅",
            "orders are sealed: an auditor may read them once the session is cleared",
            field="session",
        )


def check_watcher(by: Actor) -> None:
    """Show flags of market power and related trades to those who watch over the market.

    Raises
    ------
    UnableToReadOrders
        To traders: a flag would tell them of others.
    """
    if by.role not in {Role.OFFICER, Role.OPERATOR, Role.AUDITOR}:
        raise UnableToReadOrders(
            "SEALED",
            "仅经办、平台运营与审计人员可查阅",
            "officers, operators and auditors may read this",
            field="session",
        )


def check_units(units: int, most: int) -> None:
    """Keep an amount of money or capacity positive and within what the ledger carries.

    Raises
    ------
    UnableToTrade
        Naming the range.
    """
    if not 1 <= units <= most:
        raise UnableToTrade("FIGURE_WRONG", f"应为1至{most}", f"must be 1 to {most}, not {units}", field="amount")

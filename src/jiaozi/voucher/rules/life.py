"""A voucher's life: its states, who may change them, and what each end writes into the book ``face``."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import kept_text
from jiaozi.ledger.rules import Account, AccountKind, Transfer, post
from jiaozi.party.rules import Role
from jiaozi.policy.rules.words import Expiry
from jiaozi.voucher.rules.accounts import available_account, voucher_account

REASON_MAX = 400


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


class UnableToChange(Refused):
    """The voucher can't take this step now."""


class UnableToSpend(Refused):
    """The voucher can't be spent here and now."""


_SINKS = {"expire": AccountKind.LAPSED, "cancel": AccountKind.REVOKED, "revoke": AccountKind.REVOKED}


def returns_to(expiry: Expiry, issued: date, today: date) -> int | None:
    """Give the year whose budget has an expired voucher's rest again; None where it lapses.

    Caps on issue go on counting what was issued. Of a year that is over nothing is issued any more: there it lapses.

    >>> returns_to(Expiry.AVAILABLE, date(2026, 3, 1), date(2026, 7, 1))
    2026
    """
    return issued.year if expiry is Expiry.AVAILABLE and issued.year == today.year else None


def sink_account(programme: str, verb: str, returns_to_year: int | None = None) -> Account:
    """Give the account that takes what an ended voucher had left; a year's budget where the programme gives it back."""
    if verb == "expire" and returns_to_year is not None:
        return available_account(programme, returns_to_year)
    return Account(_SINKS[verb], programme)


def end_lines(
    *, voucher_id: UUID, sink: Account, programme: str, verb: str, spendable_fen: int, step: str = ""
) -> tuple[Transfer, ...]:
    """Give what ending a voucher writes: its unspent part goes to the sink; held parts stay until their jobs end."""
    if not spendable_fen:
        return ()
    own = voucher_account(programme, voucher_id)
    id_ = named_id("end", voucher_id, verb, step)
    return (post(id_, own, sink, spendable_fen, f"voucher.{verb}", voucher_id),)


_END_VERBS = {State.EXPIRED: "expire", State.CANCELLED: "cancel", State.REVOKED: "revoke"}


def released_lines(
    *,
    state: State,
    voucher_id: UUID,
    programme: str,
    order_id: UUID,
    released_fen: int,
    returns_to_year: int | None,
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the account and the lines by which the rest of a hold follows a voucher that has ended meanwhile.

    A voucher that lives keeps what its hold released: no lines.
    """
    verb = _END_VERBS.get(state)
    if verb is None or not released_fen:
        return (), ()
    sink = sink_account(programme, verb, returns_to_year)
    lines = end_lines(
        voucher_id=voucher_id, sink=sink, programme=programme, verb=verb, spendable_fen=released_fen, step=str(order_id)
    )
    return (sink,), lines


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


def last_day(by_months: date, programme_end: date | None) -> date:
    """Give a voucher's last day: where the programme ends the validity of all vouchers earlier, that day.

    >>> last_day(date(2027, 1, 31), date(2026, 12, 31))
    datetime.date(2026, 12, 31)
    """
    return by_months if programme_end is None else min(by_months, programme_end)


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
        When it is empty, too long or can't be shown.
    """
    return kept_text(reason, "reason", most=REASON_MAX, refusal=UnableToChange)

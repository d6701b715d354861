"""A lease's states, who may change them, and who may see to leases at all."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party.rules import Actor, HolderClass, Role, check_own_programme

REASON_MAX = 400


class State(StrEnum):
    """Where a lease stands."""

    OPEN = "OPEN"
    RECALLED = "RECALLED"
    GIVEN_BACK = "GIVEN_BACK"
    WRITTEN_OFF = "WRITTEN_OFF"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.OPEN: Label("有效", "open"),
    State.RECALLED: Label("收回中", "asked back"),
    State.GIVEN_BACK: Label("已归还", "returned"),
    State.WRITTEN_OFF: Label("逾期收回", "taken back unanswered"),
}

LIVE = (State.OPEN, State.RECALLED)
"""States in which money is set aside."""

_HOUSE = frozenset({Role.SYSTEM})
_ENDS = frozenset({Role.SYSTEM, Role.OFFICER})
TRANSITIONS: Table[State] = {
    (State.OPEN, "grant"): (_HOUSE, State.OPEN),
    (State.OPEN, "admit"): (_HOUSE, State.OPEN),
    (State.RECALLED, "admit"): (_HOUSE, State.RECALLED),
    (State.OPEN, "recall"): (_HOUSE, State.RECALLED),
    (State.OPEN, "give_back"): (_HOUSE, State.GIVEN_BACK),
    (State.RECALLED, "give_back"): (_HOUSE, State.GIVEN_BACK),
    (State.OPEN, "write_off"): (_ENDS, State.WRITTEN_OFF),
    (State.RECALLED, "write_off"): (_ENDS, State.WRITTEN_OFF),
}


class UnableToLease(Refused):
    """There can be no lease, or no such change of one."""


def check_holder(by: Actor, holder: UUID, programme: str) -> None:
    """Let a holder say for itself whether centres may spend its voucher on the spot; nobody else can.

    Raises
    ------
    UnableToLease
        When the voucher is another's.
    UnableToActForProgramme
        When the membership names another programme.
    """
    check_own_programme(by, programme)
    if by.role is not Role.APPLICANT or by.organisation != holder:
        raise UnableToLease(
            "NOT_YOURS", "只有持券人可以开通或关闭本地额度", "only the holder allows or ends leases", field="holder"
        )


def check_lendable(holder_class: str, *, in_kind: bool) -> None:
    """Keep leases from vouchers that a centre can't judge alone.

    Raises
    ------
    UnableToLease
        For an intermediary, whose orders name an end user, and for a quota in kind.
    """
    if holder_class == HolderClass.INTERMEDIARY:
        raise UnableToLease(
            "INTERMEDIARY",
            "算力中介服务机构的订单须逐单核对最终用户，不能开通本地额度",
            "an intermediary's orders name end users that only the platform can check; there is no lease",
            field="voucher",
        )
    if in_kind:
        raise UnableToLease(
            "IN_KIND",
            "卡时配额的算力券不能开通本地额度",
            "a voucher with a quota in kind has no leases",
            field="voucher",
        )


def check_write_off(by: Actor, ends_at: datetime, due_at: datetime, now: datetime) -> None:
    """Let what a silent centre left be taken back: by an officer once the lease is over, by the house once late.

    Raises
    ------
    UnableToLease
        Before that, and for every other role.
    """
    if by.role not in _ENDS:
        raise UnableToLease("WRONG_ROLE", "须由经办人员裁定", "an officer rules on it", field="role")
    first = ends_at if by.role is Role.OFFICER else due_at
    if now < first:
        raise UnableToLease(
            "TOO_EARLY",
            f"额度在{first.isoformat()}之前仍可能被该中心使用，不能收回",
            f"the centre may still use the lease until {first.isoformat()}",
            field="lease",
        )


def returned_before(state: State) -> Reason:
    """Say why a job that a centre tells of too late is its own to pay."""
    label = state.label
    return Reason(
        "LEASE_RETURNED",
        Label(
            f"额度{label.zh}之后才报送，费用由算力中心承担",
            f"told after the lease was {label.en}: the centre bears it",
        ),
        field="lease",
    )


LEASE_UNKNOWN = Reason(
    "LEASE_UNKNOWN",
    Label("没有给过该中心这份额度，费用由算力中心承担", "the centre never had this lease: it bears the job"),
    field="lease",
)

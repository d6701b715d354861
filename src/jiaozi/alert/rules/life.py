"""An alert's life: raised, then dismissed or confirmed by an officer who did not ask for it; and what it stops.

An open alert stops issue and payment. A dismissed one stops nothing. A confirmed one still stops the one affair that it
is about, which is then rejected, revoked or disputed by the verb for that; a confirmed suspicion about a participant
stops nothing by itself, because what follows for it is a decision of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jiaozi.alert.rules.suspicion import AlertKind, Subject
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import kept_text
from jiaozi.party.rules import Actor, Role

RESOLUTION_MAX = 400
NAMED_MAX = 3
"""Alerts that a refusal spells out; the rest it counts."""


class State(StrEnum):
    """How far an alert is."""

    OPEN = "OPEN"
    DISMISSED = "DISMISSED"
    CONFIRMED = "CONFIRMED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.OPEN: Label("待处理", "open"),
    State.DISMISSED: Label("已排除", "dismissed"),
    State.CONFIRMED: Label("已确认", "confirmed"),
}

_OFFICER = frozenset({Role.OFFICER})
TRANSITIONS: Table[State] = {
    (State.OPEN, "dismiss"): (_OFFICER, State.DISMISSED),
    (State.OPEN, "confirm"): (_OFFICER, State.CONFIRMED),
}
READERS = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.SYSTEM})


class UnableToResolve(Refused):
    """The alert can't be resolved so, or by this person."""


class UnableToProceed(Refused):
    """An alert stands in the way of issue or payment; the reason names it and what would clear it."""


class UnableToReadAlerts(Refused):
    """Alerts are for those who decide, pay and audit; not for whom they are about."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert as far as it matters to a verb that asks whether it may proceed."""

    id: UUID
    kind: AlertKind
    subject: Subject
    state: State
    reason: Label


def stops(standing: Standing) -> bool:
    """Say whether an alert stands in the way."""
    if standing.state is State.OPEN:
        return True
    return standing.state is State.CONFIRMED and not standing.subject.kind.lasts


def check_clear(standings: Sequence[Standing], *, more: int = 0) -> None:
    """Pass when nothing stands in the way; ``more`` alerts beyond those given are counted, not named.

    Raises
    ------
    UnableToProceed
        Naming the alerts, the open ones first.
    """
    blocking = sorted((each for each in standings if stops(each)), key=lambda each: (each.state != State.OPEN, each.id))
    if not blocking:
        return
    named, number = blocking[:NAMED_MAX], len(blocking) + more
    zh = "；".join(f"【{each.kind.label.zh}·{each.state.label.zh}】{each.reason.zh}" for each in named)
    en = "; ".join(f"[{each.kind.label.en}, {each.state.label.en}] {each.reason.en}" for each in named)
    rest = number - len(named)
    zh, en = (f"{zh}；另有{rest}条", f"{en}; and {rest} more") if rest else (zh, en)
    if blocking[0].state is State.OPEN:
        raise UnableToProceed(
            "ALERT_OPEN",
            f"有{number}条预警，须先由未经办此事的人员写明理由处理：{zh}",
            f"alerts are open ({number}); an officer who did not ask for this must resolve them with a reason: {en}",
            field="alert",
        )
    raise UnableToProceed(
        "ALERT_CONFIRMED",
        f"有{number}条预警已确认属实，应驳回、撤销或提出争议，不能放行：{zh}",
        f"alerts are confirmed ({number}): reject, revoke or dispute it; it can't go on: {en}",
        field="alert",
    )


def check_resolver(by: Actor, asked_by: str, reason: str) -> str:
    """Give the recorded reason in its standard form, from somebody who may resolve this alert.

    Raises
    ------
    UnableToResolve
        When it is who asked, or the reason is missing.
    """
    if asked_by and by.name == asked_by:
        raise UnableToResolve(
            "SAME_PERSON",
            "发起人不能处理与此有关的预警，请由另一经办人员办理",
            "who asked for it can't resolve its alerts; another officer must",
            field="by",
        )
    words = " ".join(reason.split())
    if not words or len(words) > RESOLUTION_MAX:
        raise UnableToResolve(
            "REASON_MISSING",
            f"请写明处理理由（最长{RESOLUTION_MAX}字）",
            f"say why, in at most {RESOLUTION_MAX} characters",
            field="reason",
        )
    return kept_text(words, "reason", most=RESOLUTION_MAX, refusal=UnableToResolve)


def may_read(by: Actor) -> None:
    """Let those read who decide, pay and audit.

    Raises
    ------
    UnableToReadAlerts
        When it is anybody else.
    """
    if by.role not in READERS:
        raise UnableToReadAlerts(
            "WRONG_ROLE",
            "只有经办、财政和审计可以查看预警",
            "only officers, finance and auditors read alerts",
            field="role",
        )

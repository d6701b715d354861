"""An application is a holder's dossier under one clause: reviewed, put on public notice, decided with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.kernel.text import kept_text
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules.decision import Decision, Outcome
from jiaozi.policy.rules.parts import Fact
from jiaozi.policy.rules.problems import UnableToReadFacts

WORDS_MAX = 1_000
"""A reason that an officer writes."""


class State(StrEnum):
    """How far an application is."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RETURNED = "RETURNED"
    UNDER_REVIEW = "UNDER_REVIEW"
    PUBLIC_NOTICE = "PUBLIC_NOTICE"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    APPEALED = "APPEALED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.DRAFT: Label("草稿", "draft"),
    State.SUBMITTED: Label("已提交", "submitted"),
    State.RETURNED: Label("退回补正", "returned"),
    State.UNDER_REVIEW: Label("审核中", "under review"),
    State.PUBLIC_NOTICE: Label("公示中", "public notice"),
    State.APPROVED: Label("已批准", "approved"),
    State.REJECTED: Label("不予批准", "rejected"),
    State.WITHDRAWN: Label("已撤回", "withdrawn"),
    State.APPEALED: Label("申诉中", "appealed"),
}

_HOLDER = frozenset({Role.APPLICANT})
_OFFICER = frozenset({Role.OFFICER})
_ASKING = frozenset({Role.APPLICANT, Role.OFFICER})
TRANSITIONS: Table[State] = {
    (State.DRAFT, "amend"): (_ASKING, State.DRAFT),
    (State.DRAFT, "submit"): (_ASKING, State.SUBMITTED),
    (State.DRAFT, "withdraw"): (_ASKING, State.WITHDRAWN),
    (State.SUBMITTED, "review"): (_OFFICER, State.UNDER_REVIEW),
    (State.SUBMITTED, "send_back"): (_OFFICER, State.RETURNED),
    (State.UNDER_REVIEW, "send_back"): (_OFFICER, State.RETURNED),
    (State.RETURNED, "resubmit"): (_HOLDER, State.SUBMITTED),
    (State.UNDER_REVIEW, "record_by_hand"): (_OFFICER, State.UNDER_REVIEW),
    (State.UNDER_REVIEW, "notify_public"): (_OFFICER, State.PUBLIC_NOTICE),
    (State.UNDER_REVIEW, "reject"): (_OFFICER, State.REJECTED),
    (State.PUBLIC_NOTICE, "review"): (_OFFICER, State.UNDER_REVIEW),
    (State.PUBLIC_NOTICE, "reject"): (_OFFICER, State.REJECTED),
    (State.PUBLIC_NOTICE, "approve"): (_OFFICER, State.APPROVED),
    (State.REJECTED, "appeal"): (_HOLDER, State.APPEALED),
    (State.APPEALED, "review"): (_OFFICER, State.UNDER_REVIEW),
    (State.SUBMITTED, "withdraw"): (_HOLDER, State.WITHDRAWN),
    (State.RETURNED, "withdraw"): (_HOLDER, State.WITHDRAWN),
    (State.UNDER_REVIEW, "withdraw"): (_HOLDER, State.WITHDRAWN),
    (State.PUBLIC_NOTICE, "withdraw"): (_HOLDER, State.WITHDRAWN),
}


class UnableToApply(Refused):
    """The application can't be taken as it is."""


class UnableToDecide(Refused):
    """The step can't be taken now; the reason says what is missing."""


@dataclass(frozen=True, slots=True)
class HandDecision:
    """A person's recorded decision where the clause leaves the amount open (一事一议)."""

    amount_fen: int
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval fixes: the decision that it rests on, and the amount."""

    decision: Decision
    amount_fen: int


def check_own(actor: Actor, holder: UUID) -> None:
    """Let an applicant act for its own organisation only, and an officer for one that came on paper.

    Raises
    ------
    UnableToApply
        When it is another's, or the actor is none who applies.
    """
    if actor.role not in _ASKING:
        raise UnableToApply(
            "WRONG_ROLE",
            "只有申领主体自己或代其录入的经办人员可以办理申领",
            "the organisation itself applies, or an officer who enters what it handed in on paper",
            field="role",
        )
    if actor.role is Role.APPLICANT and actor.organisation != holder:
        raise UnableToApply(
            "NOT_YOURS", "只能办理本单位的申领", "an applicant acts for its own organisation only", field="holder"
        )


def check_version(actor: Actor, *, pinned: UUID, in_force: UUID, digest: str, lapsed: bool) -> None:
    """Pin the version in force to what an applicant asks for, and none that has lapsed to what came on paper.

    ``in_force`` and ``digest`` are today's version; ``lapsed`` says that the pinned one is not in force today.

    Raises
    ------
    UnableToApply
        Naming the version in force.
    """
    if lapsed or (actor.role is Role.APPLICANT and pinned != in_force):
        raise UnableToApply(
            "VERSION_NOT_IN_FORCE",
            f"只能按现行版本申领，现行版本为{digest[:12]}（{in_force}）",
            f"apply under the version in force, {digest[:12]} ({in_force})",
            field="version",
        )


def check_apart(actor: Actor, applied_by: str, *, wrote: bool = False) -> None:
    """Keep duties apart: who asked, or wrote any of the facts that are decided on, can't decide.

    Raises
    ------
    UnableToDecide
        When it is the same person.
    """
    if wrote or actor.name == applied_by:
        raise UnableToDecide(
            "SAME_PERSON",
            "申请人不能审批自己的申领，填写其内容的人也不能，请由另一经办人员办理",
            "who applied or wrote the dossier's facts can't decide; another officer must",
            field="by",
        )


def facts_of(
    *, holder_id: UUID, holder_class: str, uscc: str | None, in_incubator: bool, registered_in_city: bool,
    dishonest: bool, end_users: int, claimed: Mapping[str, Any], declared: Mapping[str, Fact],
) -> dict[str, Any]:  # fmt: skip
    """Put together what the policy decides on: the register's facts about the applicant, and what it claims.

    What the register knows goes before what the applicant says of itself, where the programme asks for it in the
    register's own words; another city's classes are the applicant's to state.

    Raises
    ------
    UnableToReadFacts
        When what is claimed, or what is claimed of the applicant, is no object of names and values.
    """
    stated = _object(_object(claimed).get("applicant", {}), "applicant")
    applicant = {
        "id": str(holder_id),
        "holder_class": holder_class,
        "has_uscc": bool(uscc),
        "in_incubator": in_incubator,
        "registered_in_city": registered_in_city,
        "dishonest": dishonest,
        "end_users": end_users,
    }
    known = {name: value for name, value in applicant.items() if _asked(declared.get(f"applicant.{name}"), value)}
    told = {**stated, **known}
    return {**claimed, "applicant": told} if told else dict(claimed)


def _object(part: Any, field: str = "") -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        line = Label('事实须为 JSON 对象，例如 {"名称": 值}', 'facts are a JSON object like {"name": value}')
        raise UnableToReadFacts([Reason("FACTS_NO_OBJECT", line, field)])
    return part


def _asked(fact: Fact | None, value: Any) -> bool:
    return fact is not None and (not fact.values or value in fact.values)


def hand_decision(decision: Decision, amount_fen: int, reason: str, by: str) -> HandDecision:
    """Give a person's decision, checked.

    Raises
    ------
    UnableToDecide
        When the clause is not one that a person decides, or amount or reason are missing.
    """
    if decision.outcome is not Outcome.BY_HAND:
        raise UnableToDecide(
            "NOT_BY_HAND",
            "该申领按规则核定，不能人工定额",
            "this clause's amount follows from the rule",
            field="decision",
        )
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or not 0 < amount_fen <= AMOUNT_MAX_FEN:
        raise UnableToDecide(
            "AMOUNT_MISSING",
            f"金额须为大于零的整数分，不超过{yuan(AMOUNT_MAX_FEN)}元",
            f"the amount must be whole fen, more than zero, at most {yuan(AMOUNT_MAX_FEN)} yuan",
            field="amount_fen",
        )
    if not reason.strip():
        raise UnableToDecide(
            "REASON_MISSING", "人工决定须写明理由", "a person's decision needs a reason", field="reason"
        )
    return HandDecision(amount_fen, kept_text(reason, "reason", most=WORDS_MAX, refusal=UnableToDecide), by)


def missing_reason(missing: str) -> Reason:
    """Give the reason of a return, which must say what is missing.

    Raises
    ------
    UnableToDecide
        When it says nothing, or what can't be kept.
    """
    if not missing.strip():
        raise UnableToDecide("REASON_MISSING", "请写明需要补正的内容", "say what is missing", field="missing")
    words = kept_text(missing, "missing", most=WORDS_MAX, refusal=UnableToDecide)
    return Reason("RETURNED", Label(words, words), field="facts")


def check_notice(decision: Decision, hand: HandDecision | None, until: datetime, now: datetime, least_days: int) -> int:
    """Give the amount to be put on public notice; ``least_days`` is the shortest notice that the programme takes.

    Raises
    ------
    UnableToDecide
        When the policy refuses, when a person's decision is missing, or when the notice would be too short.
    """
    if until < now + timedelta(days=least_days):
        raise UnableToDecide(
            "NOTICE_TOO_SHORT",
            f"公示期不得少于{least_days}天，截止时间最早为{now + timedelta(days=least_days):%Y-%m-%d %H:%M}（UTC）",
            f"a notice lasts {least_days} days at least: until {now + timedelta(days=least_days):%Y-%m-%d %H:%M} UTC",
            field="until",
        )
    return amount_due(decision, hand)


def amount_due(decision: Decision, hand: HandDecision | None) -> int:
    """Give the amount that a decision comes to, a person's own where the clause leaves it open.

    Raises
    ------
    UnableToDecide
        When it comes to none.
    """
    if decision.outcome is Outcome.REFUSED:
        raise UnableToDecide(
            "POLICY_REFUSES",
            "不符合条款：" + "；".join(reason.label.zh for reason in decision.reasons),
            "the policy refuses: " + "; ".join(reason.label.en for reason in decision.reasons),
            field="decision",
            clause=decision.chosen,
        )
    amount_fen = decision.amount_fen if decision.outcome is Outcome.GRANTED else (hand.amount_fen if hand else None)
    if amount_fen is None:
        raise UnableToDecide(
            "HAND_DECISION_MISSING",
            "该条款为一事一议，须先记录人工决定的金额与理由",
            "this clause is decided case by case: record a person's amount and reason first",
            field="amount_fen",
            clause=decision.chosen,
        )
    if amount_fen <= 0:
        raise UnableToDecide("NOTHING_DUE", "核定金额为零，无可发放", "the amount comes to nothing", field="amount_fen")
    return amount_fen


def check_approval(
    decision: Decision, hand: HandDecision | None, notice_until: datetime | None, noticed_fen: int, now: datetime
) -> Approval:
    """Give the approval after the public notice, on the counters of this moment.

    Raises
    ------
    UnableToDecide
        When the notice is still open, or a cap now leaves less than what was put on notice.
    """
    if notice_until is None or now < notice_until:
        raise UnableToDecide(
            "NOTICE_OPEN", "公示期未满，暂不能批准", "the public notice is still open", field="notice_until"
        )
    amount_fen = amount_due(decision, hand)
    if amount_fen != noticed_fen:
        raise UnableToDecide(
            "NOTICE_DIFFERS",
            "上限余额已变，核定金额与公示金额不同，请重新审核并公示",
            "the caps leave another amount than the one on notice: review and give notice again",
            field="amount_fen",
            clause=decision.chosen,
        )
    return Approval(decision, amount_fen)


def rejection(decision: Decision | None, words: Reason | None) -> tuple[Reason, ...]:
    """Give the reasons of a rejection: the policy's, or the officer's own; never none.

    Raises
    ------
    UnableToDecide
        When there is no reason at all, or its words can't be kept.
    """
    for text in (words.label.zh, words.label.en, words.code) if words else ():
        kept_text(text, "reason", most=WORDS_MAX, refusal=UnableToDecide)
    reasons = (decision.reasons if decision and decision.outcome is Outcome.REFUSED else ()) + (
        (words,) if words else ()
    )
    if not reasons:
        raise UnableToDecide("REASON_MISSING", "不予批准须写明理由", "a rejection needs a reason", field="reason")
    return reasons


def approval_words(words: str) -> tuple[Reason, ...]:
    """Give the officer's own words for an approval as a reason; none where nothing was written.

    Raises
    ------
    UnableToDecide
        When they can't be kept.
    """
    own = kept_text(words, "reason", most=WORDS_MAX, refusal=UnableToDecide, required=False)
    return (Reason("OFFICER", Label(own, own)),) if own else ()


def granted_meanwhile(clause: str) -> UnableToDecide:
    """Say that a one-off clause was granted to its subject between the decision and now."""
    return UnableToDecide(
        "ALREADY_GRANTED",
        "一次性条款，刚刚已有另一份申领获批",
        "a one-off clause: another application for it was approved just now, so it was granted already",
        field="clause",
        clause=clause,
    )


def nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts under their whole names as an applicant states them, group by group.

    >>> nested({"need.cost": 3, "need.day": "2023-06-01"})
    {'need': {'cost': 3, 'day': '2023-06-01'}}
    """
    groups: dict[str, Any] = {}
    for name, value in facts.items():
        group, _, own = name.partition(".")
        groups.setdefault(group, {})[own] = value
    return groups

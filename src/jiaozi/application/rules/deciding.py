"""Deciding: what review, public notice, a person's own decision, approval and rejection ask for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date, local_minute, start_of_day
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.kernel.text import kept_text
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.party.rules import Actor
from jiaozi.policy.rules.decision import Decision, Outcome

WORDS_MAX = 1_000
"""A reason that an officer writes."""


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


def check_apart(actor: Actor, applied_by: str, *, wrote: bool = False) -> None:
    """Keep duties apart: who asked, or wrote any of the facts that are decided on, can't decide.

    Raises
    ------
    UnableToDecide
        When it is the same person.
    """
    check_not_own(own=wrote or actor.name == applied_by)


def check_not_own(*, own: bool) -> None:
    """Keep who applied for a dossier, or wrote any of its facts, from deciding on it.

    Raises
    ------
    UnableToDecide
        When it is the actor's own.
    """
    if own:
        raise UnableToDecide(
            "SAME_PERSON",
            "申请人不能审批自己的申领，填写其内容或更正其登记的人也不能，请由另一经办人员办理",
            "who applied, wrote the dossier's facts or corrected the registration can't decide; another officer must",
            field="by",
        )


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
    earliest = _whole_minute(now + timedelta(days=least_days))
    if until < now + timedelta(days=least_days):
        raise UnableToDecide(
            "NOTICE_TOO_SHORT",
            f"公示期不得少于{least_days}天，最早到{local_minute(earliest)}为止",
            f"a notice lasts {least_days} days at least: until {local_minute(earliest)} or later",
            field="until",
        )
    return amount_due(decision, hand)


def first_last_day(now: datetime, least_days: int) -> date:
    """Give the earliest last day of a notice that begins now.

    >>> from datetime import UTC
    >>> first_last_day(datetime(2026, 11, 26, 3, tzinfo=UTC), 5)
    datetime.date(2026, 12, 1)
    >>> first_last_day(datetime(2026, 11, 25, 16, tzinfo=UTC), 5)  # midnight in Shanghai: five whole days
    datetime.date(2026, 11, 30)
    """
    return local_date(now + timedelta(days=least_days) - timedelta(microseconds=1))


def end_of_notice(last_day: date) -> datetime:
    """Give the instant at which a notice ends: when its last day does.

    Raises
    ------
    OverflowError
        When no calendar has the day after.

    >>> end_of_notice(date(2026, 12, 1)).isoformat()
    '2026-12-01T16:00:00+00:00'
    """
    return start_of_day(last_day + timedelta(days=1))


def check_demo_notice(*, demo: bool, until: datetime | None, now: datetime) -> None:
    """Let a public notice be cut short in a demonstration alone, where nobody's rights hang on it.

    Raises
    ------
    UnableToDecide
        When the version that decided is no demonstration's, or the notice is over.
    """
    if not demo:
        raise UnableToDecide(
            "NOT_A_DEMO",
            "公示期须满；只有演示可以提前结束",
            "a public notice runs its time; only a demonstration ends it early",
            field="notice_until",
        )
    if until is None or until <= now:
        raise UnableToDecide("NOTICE_OVER", "公示期已满", "the public notice is over already", field="notice_until")


def _whole_minute(instant: datetime) -> datetime:
    """Round an instant up to the minute, so that what is told as the earliest is not too early."""
    whole = instant.replace(second=0, microsecond=0)
    return whole if whole == instant else whole + timedelta(minutes=1)


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


def check_notice_over(notice_until: datetime | None, now: datetime) -> None:
    """Let nothing be approved before its public notice is over.

    Raises
    ------
    UnableToDecide
        While it is open, or before it began.
    """
    if notice_until is None or now < notice_until:
        raise UnableToDecide(
            "NOTICE_OPEN", "公示期未满，暂不能批准", "the public notice is still open", field="notice_until"
        )


def check_register(*, corrected: bool) -> None:
    """Let nothing be approved on facts that the register has corrected since they were reviewed.

    Raises
    ------
    UnableToDecide
        When they differ.
    """
    if corrected:
        raise UnableToDecide(
            "REGISTER_CORRECTED",
            "主体登记在审核后已更正，请重新审核并公示",
            "the registration was corrected after the review: review and give notice again",
            field="facts",
        )


def check_approval(
    decision: Decision, hand: HandDecision | None, notice_until: datetime | None, noticed_fen: int, now: datetime
) -> Approval:
    """Give the approval after the public notice, on the counters of this moment.

    Raises
    ------
    UnableToDecide
        When the notice is still open, or a cap now leaves less than what was put on notice.
    """
    check_notice_over(notice_until, now)
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

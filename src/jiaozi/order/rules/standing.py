"""Orders that stand still: since when, why, and who may let go of one.

A hold never ends by time alone. What the engine says comes first; where nobody can say anything, a person decides, with
a reason that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.order.rules.life import ON_ENGINE, State
from jiaozi.party.rules import Actor, Role, check_own_programme

STUCK_AFTER = timedelta(minutes=10)
"""How long an order may stand without a sign of life before anybody calls it stuck: a stated value of ours."""

LIMIT_GRACE = timedelta(seconds=30)
"""How long past the longest run that its hold covers a job is left to its engine's own limit: clocks differ."""
LET_GO_FOR = timedelta(hours=24)
"""How long an engine is asked about jobs whose orders let go of them."""
REASON_MAX = 400
LOST = "JOB_LOST"
"""The reason of an order that ended because nobody could find its job: its hold waits for usage or a waiver."""


class UnableToGiveUp(Refused):
    """The order can't be let go of now, or not by this person; the line says what would be right."""


class Why(StrEnum):
    """Why an order counts as stuck."""

    NOT_HANDED_OVER = "NOT_HANDED_OVER"
    NO_ENGINE = "NO_ENGINE"
    FORGOTTEN = "FORGOTTEN"
    PAST_LIMIT = "PAST_LIMIT"
    USAGE_MISSING = "USAGE_MISSING"

    @property
    def label(self) -> Label:
        """Its one line on screen."""
        return _WHY[self]


_WHY = {
    Why.NOT_HANDED_OVER: Label("已冻结，迟迟未能提交", "held and not handed over"),
    Why.NO_ENGINE: Label("算力中心已断开或引擎未知", "its centre is disconnected or its engine unknown"),
    Why.FORGOTTEN: Label("引擎不再知道该作业", "its engine does not know the job any more"),
    Why.PAST_LIMIT: Label("已过运行时限仍在运行", "still running past its limit"),
    Why.USAGE_MISSING: Label("已结束，用量未到或被暂扣", "ended, and its usage is missing or held back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of an order that may be stuck; ``has_engine`` says whether anybody can be asked about it."""

    state: State
    moved_at: datetime
    missing_since: datetime | None
    started_at: datetime | None
    longest_ms: int
    handed_over: bool
    has_engine: bool


class Answer(StrEnum):
    """What an engine says of a job when it is asked."""

    UNKNOWN = "UNKNOWN"
    LIVES = "LIVES"
    ENDED = "ENDED"


class Verdict(StrEnum):
    """What becomes of an order that a person lets go of."""

    RELEASE = "RELEASE"
    """Nothing ran: it has failed, and its hold goes back."""
    LOSE = "LOSE"
    """It ran, or may have run: its job is lost, and its hold waits for usage or for a ruling that waives it."""
    FOLLOW = "FOLLOW"
    """The engine knows its end after all: that counts."""


def stuck(order: Standing, now: datetime) -> tuple[Why, datetime] | None:
    """Say why an order is stuck and since when, or None when it is not."""
    for why, since in _signs(order, now):
        if now - since >= STUCK_AFTER:
            return why, since
    return None


def _signs(order: Standing, now: datetime) -> list[tuple[Why, datetime]]:
    if order.state is State.ENDED:
        return [(Why.USAGE_MISSING, order.moved_at)]
    if order.state is State.HELD or (order.state is State.SUBMITTED and not order.handed_over):
        return [(Why.NOT_HANDED_OVER if order.has_engine else Why.NO_ENGINE, order.moved_at)]
    if order.state not in ON_ENGINE:
        return []
    if not order.has_engine:
        return [(Why.NO_ENGINE, order.moved_at)]
    if order.missing_since is not None:
        return [(Why.FORGOTTEN, order.missing_since)]
    due = past_limit(order, now)
    return [(Why.PAST_LIMIT, due)] if due else []


def past_limit(order: Standing, now: datetime) -> datetime | None:
    """Give the instant by which a running job had to be gone, when that is over."""
    if order.state is not State.RUNNING or order.started_at is None:
        return None
    due = order.started_at + timedelta(milliseconds=order.longest_ms)
    return due if due < now else None


def check_ruler(by: Actor, programme: str) -> None:
    """Let an officer or the operator decide about an order that stands still.

    Raises
    ------
    UnableToGiveUp, UnableToActForProgramme
        Naming the roles that may.
    """
    check_own_programme(by, programme)
    if by.role not in {Role.OFFICER, Role.OPERATOR}:
        raise UnableToGiveUp(
            "WRONG_ROLE", "须由经办或平台运营方办理", "an officer or the operator may do this", field="role"
        )


def decide(order: Standing, said: Answer, now: datetime) -> Verdict:
    """Decide what becomes of an order, by what its engine says.

    Raises
    ------
    UnableToGiveUp
        When it is no order that stands still, its job lives, or it has been missing for too short a time.
    """
    if order.state in (State.HELD, State.STAGING):
        return Verdict.RELEASE  # never handed over: no engine can have it
    if order.state not in ON_ENGINE:
        raise UnableToGiveUp(
            "NOT_STUCK",
            f"订单为{order.state.label.zh}，没有可放弃的作业；已结束而用量未到的，请免除用量",
            f"the order is {order.state.label.en}, there is no job to give up; "
            "where it has ended and its usage never came, waive the usage",
            field="order",
        )
    if not order.has_engine:
        return Verdict.LOSE  # nobody can be asked, so nobody can say that it did not run
    if said is Answer.ENDED:
        return Verdict.FOLLOW
    if said is Answer.LIVES:
        raise UnableToGiveUp(
            "JOB_LIVES",
            "作业仍在引擎上，请先取消订单",
            "the engine has the job: cancel the order instead",
            field="order",
        )
    since = order.missing_since if order.handed_over else order.moved_at
    if since is None or now - since < STUCK_AFTER:
        minutes = STUCK_AFTER // timedelta(minutes=1)
        raise UnableToGiveUp(
            "TOO_SOON",
            f"引擎须连续{minutes}分钟不知道该作业，方可放弃",
            f"the engine must not have known the job for {minutes} minutes",
            field="order",
        )
    ran = order.state is State.RUNNING or order.started_at is not None
    return Verdict.LOSE if ran else Verdict.RELEASE

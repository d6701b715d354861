"""What may be played for a programme's own people: bounded in size and time, from its own versions alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.lab.rules.reading import Read
from jiaozi.lab.rules.scenario import Scenario
from jiaozi.party.rules import Role

TITLE_MAX, MESSAGE_MAX, FILE_NAME_MAX = 200, 1_000, 80
TEXT_MAX = 100_000
DECISIONS_MAX = 2_000_000
"""Applications times versions times seeds."""
UNFINISHED_MAX = 3
LIMIT = timedelta(minutes=5)
LOST_AFTER = timedelta(minutes=15)
"""A run that is under way for longer lost its worker."""
IN_FORCE = "in-force"
_ROLES = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.OPERATOR})


class RunState(StrEnum):
    """How far a run is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    RunState.QUEUED: Label("排队中", "queued"),
    RunState.RUNNING: Label("推演中", "playing"),
    RunState.DONE: Label("已完成", "done"),
    RunState.FAILED: Label("未完成", "not finished"),
}


class UnableToPlay(Refused):
    """The run can't be taken up, or was stopped."""


def check_player(role: Role) -> None:
    """Let those who run, pay or audit a programme play.

    Raises
    ------
    UnableToPlay
        When it is somebody else.
    """
    if role not in _ROLES:
        raise UnableToPlay("WRONG_ROLE", "政策推演供项目人员使用", "the programme's own people play", field="role")


def check_unfinished(count: int) -> None:
    """Let so many runs of a programme wait at once.

    Raises
    ------
    UnableToPlay
        Otherwise.
    """
    if count >= UNFINISHED_MAX:
        raise UnableToPlay(
            "RUNS_WAITING",
            f"已有{count}次推演未完成，请待其完成",
            f"{count} runs are not finished yet; wait for one of them",
            field="scenario",
        )


def check_bounds(read: Read) -> None:
    """Let a scenario draw its demand itself, no more of it than a worker plays within minutes.

    Raises
    ------
    UnableToReadScenario
        At the place in the scenario.
    """
    scenario = read.scenario
    generated = scenario.demand.generated
    if generated is None:
        zh = "网页推演只用 generated；文件与轨迹请用命令行 jiaozi lab run"
        raise read.refuse(("demand",), zh, "use `generated` here; files and traces are played by `jiaozi lab run`")
    count = decisions(scenario)
    if count > DECISIONS_MAX:
        zh = f"约{count:,}件次决定，网页推演不超过{DECISIONS_MAX:,}；请减少主体、种子或年数"
        en = f"about {count:,} decisions, at most {DECISIONS_MAX:,} here; fewer holders, seeds or years"
        raise read.refuse(("demand", "generated"), zh, en)


def decisions(scenario: Scenario) -> int:
    """Say about how many decisions a scenario asks for."""
    groups = scenario.demand.generated.groups if scenario.demand.generated else ()
    a_year = sum(round(group.holders * group.applications) for group in groups)
    return a_year * scenario.years * scenario.seeds.count * len(scenario.versions)


def is_lost(state: RunState, started_at: datetime | None, now: datetime) -> bool:
    """Say whether a run lost its worker."""
    return state is RunState.RUNNING and started_at is not None and now - started_at > LOST_AFTER


def too_long() -> UnableToPlay:
    """Say that a run took too long."""
    minutes = int(LIMIT.total_seconds() // 60)
    return UnableToPlay(
        "TOO_LONG",
        f"超过{minutes}分钟，已停止；请减少主体、种子或版本",
        f"stopped after {minutes} minutes; fewer holders, seeds or versions",
        field="scenario",
    )

"""An order's states, the verbs between them, and the roles that may take them."""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.party.rules import Role


class State(StrEnum):
    """Where an order stands."""

    QUOTED = "QUOTED"
    HELD = "HELD"
    STAGING = "STAGING"
    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"
    METERED = "METERED"
    CAPTURED = "CAPTURED"
    SETTLED = "SETTLED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.QUOTED: Label("已报价", "quoted"),
    State.HELD: Label("已冻结", "held"),
    State.STAGING: Label("数据传入中", "inputs moving"),
    State.SUBMITTED: Label("已提交", "submitted"),
    State.QUEUED: Label("排队中", "queued"),
    State.RUNNING: Label("运行中", "running"),
    State.ENDED: Label("已结束", "ended"),
    State.METERED: Label("已计量", "metered"),
    State.CAPTURED: Label("已核销", "captured"),
    State.SETTLED: Label("已结算", "settled"),
    State.REFUSED: Label("已拒绝", "refused"),
    State.CANCELLED: Label("已取消", "cancelled"),
    State.FAILED: Label("失败", "failed"),
}

ON_ENGINE = (State.SUBMITTED, State.QUEUED, State.RUNNING)
"""States in which the engine may know the job."""

UNFINISHED = (State.HELD, State.STAGING, *ON_ENGINE, State.ENDED, State.METERED)
"""States in which money is held and nothing is captured yet, in their order."""

_HOLDER = frozenset({Role.APPLICANT, Role.OPERATOR})
_HOUSE = frozenset({Role.SYSTEM})
_RULER = frozenset({Role.OFFICER, Role.OPERATOR})
TRANSITIONS: Table[State] = {
    (State.QUOTED, "hold"): (_HOLDER, State.HELD),
    (State.QUOTED, "refuse"): (_HOLDER, State.REFUSED),
    (State.QUOTED, "cancel"): (_HOLDER, State.CANCELLED),
    (State.HELD, "cancel"): (_HOLDER | _HOUSE, State.CANCELLED),
    (State.HELD, "submit"): (_HOUSE, State.SUBMITTED),
    (State.HELD, "stage"): (_HOUSE | _HOLDER, State.STAGING),
    (State.STAGING, "staged"): (_HOUSE, State.HELD),
    (State.STAGING, "cancel"): (_HOLDER | _HOUSE, State.CANCELLED),
    (State.STAGING, "fail"): (_HOUSE, State.FAILED),
    (State.STAGING, "give_up"): (_RULER, State.FAILED),
    (State.STAGING, "re_place"): (_HOUSE, State.HELD),
    (State.SUBMITTED, "fail"): (_HOUSE, State.FAILED),
    (State.SUBMITTED, "queue"): (_HOUSE, State.QUEUED),
    (State.SUBMITTED, "run"): (_HOUSE, State.RUNNING),
    (State.QUEUED, "run"): (_HOUSE, State.RUNNING),
    (State.SUBMITTED, "end"): (_HOUSE, State.ENDED),
    (State.QUEUED, "end"): (_HOUSE, State.ENDED),
    (State.RUNNING, "end"): (_HOUSE, State.ENDED),
    (State.SUBMITTED, "ask_cancel"): (_HOLDER, State.SUBMITTED),
    (State.QUEUED, "ask_cancel"): (_HOLDER, State.QUEUED),
    (State.RUNNING, "ask_cancel"): (_HOLDER, State.RUNNING),
    (State.HELD, "re_place"): (_HOUSE, State.HELD),
    (State.SUBMITTED, "re_place"): (_HOUSE, State.HELD),
    (State.QUEUED, "re_place"): (_HOUSE, State.HELD),
    (State.HELD, "give_up"): (_RULER, State.FAILED),
    (State.SUBMITTED, "give_up"): (_RULER, State.FAILED),
    (State.QUEUED, "give_up"): (_RULER, State.FAILED),
    (State.SUBMITTED, "lose"): (_RULER | _HOUSE, State.ENDED),
    (State.QUEUED, "lose"): (_RULER | _HOUSE, State.ENDED),
    (State.RUNNING, "lose"): (_RULER | _HOUSE, State.ENDED),
    (State.RUNNING, "extend"): (_HOLDER, State.RUNNING),
    (State.RUNNING, "stop"): (_HOUSE, State.RUNNING),
    (State.ENDED, "meter"): (_HOUSE, State.METERED),
    (State.ENDED, "cancel"): (_HOUSE, State.CANCELLED),
    (State.ENDED, "fail"): (_HOUSE, State.FAILED),
    (State.METERED, "capture"): (_HOUSE, State.CAPTURED),
    (State.CAPTURED, "settle"): (_HOUSE, State.SETTLED),
}

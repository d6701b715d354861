"""An application's life: its states, and who takes it from one to the next. Pure."""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.party.rules import Role


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
    (State.UNDER_REVIEW, "review"): (_OFFICER, State.UNDER_REVIEW),
    (State.UNDER_REVIEW, "record_by_hand"): (_OFFICER, State.UNDER_REVIEW),
    (State.UNDER_REVIEW, "notify_public"): (_OFFICER, State.PUBLIC_NOTICE),
    (State.UNDER_REVIEW, "reject"): (_OFFICER, State.REJECTED),
    (State.PUBLIC_NOTICE, "end_demo_notice"): (_OFFICER, State.PUBLIC_NOTICE),
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

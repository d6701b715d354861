"""The verbs of an application: the holder's (apply to appeal, papers) and the officer's (review to decide)."""

from jiaozi.application.services.dossier import amend, appeal, apply, draft, resubmit, submit, withdraw
from jiaozi.application.services.evidence import attach, require_papers
from jiaozi.application.services.review import (
    approve,
    end_demo_notice,
    notify_public,
    record_by_hand,
    reject,
    review,
    send_back,
)
from jiaozi.application.services.screening import screen

__all__ = [
    "amend",
    "appeal",
    "apply",
    "approve",
    "attach",
    "draft",
    "end_demo_notice",
    "notify_public",
    "record_by_hand",
    "reject",
    "require_papers",
    "resubmit",
    "review",
    "screen",
    "send_back",
    "submit",
    "withdraw",
]

"""The verbs of an application: the holder's (apply to appeal) and the officer's (review to decide)."""

from jiaozi.application.services.dossier import appeal, apply, resubmit, withdraw
from jiaozi.application.services.review import approve, notify_public, record_by_hand, reject, review, send_back

__all__ = [
    "appeal",
    "apply",
    "approve",
    "notify_public",
    "record_by_hand",
    "reject",
    "resubmit",
    "review",
    "send_back",
    "withdraw",
]

"""An application's rules: its life and decision here, the papers that prove it in ``evidence``. Pure."""

from jiaozi.application.rules.deciding import (
    TRANSITIONS,
    Approval,
    HandDecision,
    State,
    UnableToApply,
    UnableToDecide,
    amount_due,
    check_apart,
    check_approval,
    check_notice,
    check_own,
    facts_of,
    hand_decision,
    missing_reason,
    rejection,
)

__all__ = [
    "TRANSITIONS",
    "Approval",
    "HandDecision",
    "State",
    "UnableToApply",
    "UnableToDecide",
    "amount_due",
    "check_apart",
    "check_approval",
    "check_notice",
    "check_own",
    "facts_of",
    "hand_decision",
    "missing_reason",
    "rejection",
]

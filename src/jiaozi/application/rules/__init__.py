"""An application's rules: asking, its life, its decision here; the papers that prove it in ``evidence``. Pure."""

from jiaozi.application.rules.asking import UnableToApply, check_own, check_version, facts_of, nested
from jiaozi.application.rules.deciding import (
    Approval,
    HandDecision,
    UnableToDecide,
    amount_due,
    approval_words,
    check_apart,
    check_approval,
    check_demo_notice,
    check_notice,
    check_register,
    end_of_notice,
    first_last_day,
    granted_meanwhile,
    hand_decision,
    missing_reason,
    rejection,
)
from jiaozi.application.rules.life import TRANSITIONS, State

__all__ = [
    "TRANSITIONS",
    "Approval",
    "HandDecision",
    "State",
    "UnableToApply",
    "UnableToDecide",
    "amount_due",
    "approval_words",
    "check_apart",
    "check_approval",
    "check_demo_notice",
    "check_notice",
    "check_own",
    "check_register",
    "check_version",
    "end_of_notice",
    "facts_of",
    "first_last_day",
    "granted_meanwhile",
    "hand_decision",
    "missing_reason",
    "nested",
    "rejection",
]

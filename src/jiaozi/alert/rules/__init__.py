"""What makes a suspicion and what becomes of it: the checks with their thresholds, an alert's life. Pure."""

from jiaozi.alert.rules.claiming import Claimed, Seen, claim_differs
from jiaozi.alert.rules.copies import PaperFacts, copies
from jiaozi.alert.rules.life import (
    TRANSITIONS,
    Standing,
    State,
    UnableToProceed,
    UnableToReadAlerts,
    UnableToResolve,
    check_clear,
    check_resolver,
    may_read,
    stops,
)
from jiaozi.alert.rules.parameters import DEFAULTS, Parameters, UnableToSetParameters, changed, may_set
from jiaozi.alert.rules.related import Claim, Purchase, both_ends, normalised, related_supplier
from jiaozi.alert.rules.splitting import Ask, just_below, split_under_cap, stacked
from jiaozi.alert.rules.suspicion import AlertKind, Level, Subject, SubjectKind, Suspicion
from jiaozi.alert.rules.using import Load, Mean, Spending, hidden_end_user, resale, use_without_load

__all__ = [
    "DEFAULTS",
    "TRANSITIONS",
    "AlertKind",
    "Ask",
    "Claim",
    "Claimed",
    "Level",
    "Load",
    "Mean",
    "PaperFacts",
    "Parameters",
    "Purchase",
    "Seen",
    "Spending",
    "Standing",
    "State",
    "Subject",
    "SubjectKind",
    "Suspicion",
    "UnableToProceed",
    "UnableToReadAlerts",
    "UnableToResolve",
    "UnableToSetParameters",
    "both_ends",
    "changed",
    "check_clear",
    "check_resolver",
    "claim_differs",
    "copies",
    "hidden_end_user",
    "just_below",
    "may_read",
    "may_set",
    "normalised",
    "related_supplier",
    "resale",
    "split_under_cap",
    "stacked",
    "stops",
    "use_without_load",
]

"""Settlement's rules: a statement's life, the centre's claim, the three-way match, the reserve's imprest. Pure."""

from jiaozi.settlement.rules.claim import UnableToClaim
from jiaozi.settlement.rules.life import (
    TRANSITIONS,
    LineKind,
    State,
    UnableToClose,
    UnableToPay,
    UnableToWrite,
    last_period,
)
from jiaozi.settlement.rules.matching import Difference, UnableToMatch, check_match
from jiaozi.settlement.rules.position import FundKind, ReservePosition, Split, UnableToMoveFunds, split_disallowed

__all__ = [
    "TRANSITIONS",
    "Difference",
    "FundKind",
    "LineKind",
    "ReservePosition",
    "Split",
    "State",
    "UnableToClaim",
    "UnableToClose",
    "UnableToMatch",
    "UnableToMoveFunds",
    "UnableToPay",
    "UnableToWrite",
    "check_match",
    "last_period",
    "split_disallowed",
]

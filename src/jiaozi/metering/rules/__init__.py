"""Usage becomes money here: which record is new, what it costs, what is captured, what is held back and why."""

from jiaozi.metering.rules.bounds import Read, payload_of, read
from jiaozi.metering.rules.intake import (
    DOUBTS,
    CaptureKind,
    Known,
    OrderFacts,
    Taken,
    UsageState,
    Verdict,
    hold_back,
    take_in,
)
from jiaozi.metering.rules.pricing import OVERRUN, Priced, Quantity, price_usage
from jiaozi.metering.rules.ruling import RulingVerb

__all__ = [
    "DOUBTS",
    "OVERRUN",
    "CaptureKind",
    "Known",
    "OrderFacts",
    "Priced",
    "Quantity",
    "Read",
    "RulingVerb",
    "Taken",
    "UsageState",
    "Verdict",
    "hold_back",
    "payload_of",
    "price_usage",
    "read",
    "take_in",
]

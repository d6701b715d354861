"""Usage becomes money here: which record is new, what it costs, what is captured, what is held back and why."""

from jiaozi.metering.rules.intake import (
    CaptureKind,
    Known,
    OrderFacts,
    Taken,
    UsageState,
    Verdict,
    payload_digest,
    payload_of,
    take_in,
)
from jiaozi.metering.rules.pricing import OVERRUN, Priced, Quantity, price_usage

__all__ = [
    "OVERRUN",
    "CaptureKind",
    "Known",
    "OrderFacts",
    "Priced",
    "Quantity",
    "Taken",
    "UsageState",
    "Verdict",
    "payload_digest",
    "payload_of",
    "price_usage",
    "take_in",
]

"""Reading the exchange: each trader its own, everybody the public result, auditors the sealed orders afterwards."""

from jiaozi.exchange.queries.auditing import audit
from jiaozi.exchange.queries.reading import (
    Flags,
    Holding,
    OwnOrder,
    Result,
    UnableToFindSession,
    flags,
    holding,
    own_orders,
    result,
    sealed_orders,
    session,
    sessions,
)
from jiaozi.exchange.queries.replaying import Replay, book_of, replay

__all__ = [
    "Flags",
    "Holding",
    "OwnOrder",
    "Replay",
    "Result",
    "UnableToFindSession",
    "audit",
    "book_of",
    "flags",
    "holding",
    "own_orders",
    "replay",
    "result",
    "sealed_orders",
    "session",
    "sessions",
]

"""Reading the exchange: each trader its own, everybody the public result, auditors the sealed orders afterwards.

What is given here is all that a face may ask for. The books that clearing is made from stay in ``replaying``, for
services alone; ``tests/exchange/test_sealed.py`` holds this list.
"""

from jiaozi.exchange.queries.auditing import audit
from jiaozi.exchange.queries.own import (
    Desk,
    Holding,
    OwnOrder,
    desk,
    holding,
    may_trade,
    own_orders,
    seats,
    trader_of,
    trading_as,
)
from jiaozi.exchange.queries.reading import (
    Flags,
    Result,
    Summary,
    UnableToFindSession,
    flags,
    flows,
    prices,
    result,
    schedules,
    sealed_orders,
    sessions,
)
from jiaozi.exchange.queries.replaying import Replay, replay

__all__ = [
    "Desk",
    "Flags",
    "Holding",
    "OwnOrder",
    "Replay",
    "Result",
    "Summary",
    "UnableToFindSession",
    "audit",
    "desk",
    "flags",
    "flows",
    "holding",
    "may_trade",
    "own_orders",
    "prices",
    "replay",
    "result",
    "schedules",
    "sealed_orders",
    "seats",
    "sessions",
    "trader_of",
    "trading_as",
]

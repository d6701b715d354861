"""The verbs of settlement: a statement from open to paid, and the reserve fund that pays it."""

from jiaozi.settlement.services.fund import (
    YearClosed,
    close_year,
    disallow,
    prefund_reserve,
    recover,
    remit,
    replenish,
)
from jiaozi.settlement.services.paying import approve, pay
from jiaozi.settlement.services.statements import (
    claim,
    close_due,
    close_statement,
    dispute,
    match,
    open_statement,
    resolve,
)

__all__ = [
    "YearClosed",
    "approve",
    "claim",
    "close_due",
    "close_statement",
    "close_year",
    "disallow",
    "dispute",
    "match",
    "open_statement",
    "pay",
    "prefund_reserve",
    "recover",
    "remit",
    "replenish",
    "resolve",
]

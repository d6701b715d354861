"""Reading the open ledger: its figures, the entries behind them, what a code stands for, and the open data."""

from jiaozi.transparency.queries.auditing import audit_all
from jiaozi.transparency.queries.finding import Standing, standing
from jiaozi.transparency.queries.reading import (
    Breakdown,
    OpenYear,
    Sealed,
    audit,
    breakdown,
    burn_down,
    checkpoint,
    entries,
    open_year,
)
from jiaozi.transparency.queries.streaming import PART_MAX, part, stream

__all__ = [
    "PART_MAX",
    "Breakdown",
    "OpenYear",
    "Sealed",
    "Standing",
    "audit",
    "audit_all",
    "breakdown",
    "burn_down",
    "checkpoint",
    "entries",
    "open_year",
    "part",
    "standing",
    "stream",
]

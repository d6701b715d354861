"""Telling of a voucher that is about to end: how long before, and in which words, with its balance and its last day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.notice.rules.telling import TOLD

FAR_DAYS, NEAR_DAYS = 30, 7
"""So many days before a voucher's last day its holder is told, each once."""
ENDS_SOON = "voucher.ends_soon"
_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def reminder_due(last_day: date, today: date) -> int | None:
    """Give which telling is due, by its number of days; the nearer one alone where both are. None where none is.

    >>> [reminder_due(date(2026, 12, 31), date(2026, 12, day)) for day in (1, 23, 24, 31)]
    [30, 30, 7, 7]
    >>> reminder_due(date(2026, 12, 31), date(2026, 11, 30)), reminder_due(date(2026, 12, 31), date(2027, 1, 1))
    (None, None)
    """
    left = (last_day - today).days
    if not 0 <= left <= FAR_DAYS:
        return None
    return NEAR_DAYS if left <= NEAR_DAYS else FAR_DAYS


def facts_of(number: str, last_day: date, left_fen: int) -> dict[str, Any]:
    """Give what a telling keeps of a voucher."""
    return {"number": number, "last_day": last_day.isoformat(), "left_fen": left_fen}


def sentence(event: str, facts: Mapping[str, Any]) -> Label:
    """Say an event in both languages, with what is kept of it where its words name that.

    >>> said = sentence(ENDS_SOON, facts_of("ABCD-0123-4567", date(2026, 12, 31), 1_234_550))
    >>> said.zh[:26], said.en[:47]
    ('算力券ABCD-0123-4567将于2026年12', 'your voucher ABCD-0123-4567 ends on 31 December')
    """
    if event != ENDS_SOON or not facts:
        return TOLD[event].label
    day, number, left = date.fromisoformat(facts["last_day"]), facts["number"], yuan(facts["left_fen"])
    return Label(
        f"算力券{number}将于{day.year}年{day.month}月{day.day}日到期，余额{left}元未用",
        f"your voucher {number} ends on {day.day} {_MONTHS[day.month - 1]} {day.year} with CNY {left} left",
    )

"""How much of each contract lies inside the base period, as ``spans`` counts it, for many contracts."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from jiaozi.kernel import period
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.many.columns import Ints
from jiaozi.policy.rules.many.exact import Exact
from jiaozi.policy.rules.many.sheet import Sheet
from jiaozi.policy.rules.words import Days, Kind, Window

_EPOCH = date(1970, 1, 1).toordinal()


def prorated(sheet: Sheet, prorate: schema.Proration, exact: Exact) -> Exact | None:
    """Keep the part of each base that lies inside the base period."""
    missing = sheet.missing([prorate.contract.since, prorate.contract.to])
    first, _known = sheet.fact(prorate.contract.since, Kind.DATE)
    last, _known = sheet.fact(prorate.contract.to, Kind.DATE)
    sheet.refuse("CONTRACT_DATES_WRONG", (last < first) & ~missing)
    base = _base_period(sheet, prorate.within)
    if base is None:
        return None
    begin, end = base
    sheet.doubt(begin >= end)  # a base period that ends before it begins
    safe = ~missing & (last >= first) & (begin < end)
    first, last = np.where(safe, first, begin), np.where(safe, last, begin)
    length = counted(first, last + 1, prorate.days)
    inside = counted(np.maximum(first, begin), np.minimum(last + 1, end), prorate.days)
    inside = np.where(np.maximum(first, begin) < np.minimum(last + 1, end), inside, 0)
    inside = np.where(length > 0, np.clip(inside, 0, length), 0)
    sheet.refuse("OUTSIDE_BASE_PERIOD", safe & (inside <= 0))
    return exact.times(inside, np.maximum(length, 1))


def _base_period(sheet: Sheet, within: schema.Within) -> tuple[Ints, Ints] | None:
    """Give each row's first day and the day after its last."""
    table = sheet.desk.table
    years = [period.year(day.year) for day in table.days[0]]
    year_begin = table.by_day([year.first.toordinal() for year in years])
    year_end = table.by_day([year.end.toordinal() for year in years])
    if within.word is Window.CALENDAR_YEAR:
        return year_begin, year_end
    effective = sheet.desk.document.programme.effective
    since, to = (effective.since, effective.to) if within.word else (within.since, within.to)
    first: Any = sheet.figure(since)
    last: Any = sheet.figure(to)
    if first is None or (last is None and (to is not None or not within.word)):
        return None
    begin = np.full(table.count, first.toordinal(), dtype=np.int64)
    return begin, year_end if last is None else np.full(table.count, last.toordinal() + 1, dtype=np.int64)


def counted(first: Ints, end: Ints, days: Days) -> Ints:
    """Count runs of dates, half open, by a stated way."""
    if days is Days.ACTUAL:
        return end - first
    if days is Days.MONTHS:
        one, other = _parts(first), _parts(end - 1)
        return (other[0] - one[0]) * 12 + other[1] - one[1] + 1
    return _on_360(end) - _on_360(first)


def _parts(ordinals: Ints) -> tuple[Ints, Ints, Ints]:
    """Give year, month and day, counted from 1."""
    days = (ordinals - _EPOCH).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    number = months.astype(np.int64)
    return number // 12 + 1970, number % 12 + 1, (days - months).astype(np.int64) + 1


def _on_360(ordinals: Ints) -> Ints:
    year, month, day = _parts(ordinals)
    return year * 360 + (month - 1) * 30 + np.minimum(day, 30)

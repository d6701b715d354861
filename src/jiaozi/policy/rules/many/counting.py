"""Caps and one-off counters of many applications: whose counter each row's is, its limit, what counts besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.caps import period_of
from jiaozi.policy.rules.many.columns import Bools, Ints
from jiaozi.policy.rules.many.exact import floor_share
from jiaozi.policy.rules.many.sheet import Desk, Sheet
from jiaozi.policy.rules.words import Across, Grant, Kind, Measure, Per, Subject


@dataclass(frozen=True, slots=True)
class CapOf:
    """One cap of a clause: ``counter`` names what was used before, empty for a single claim.

    ``applies`` None means to every row; ``besides`` counts as used.
    """

    cap_id: str
    counter: str
    measures: Measure
    subject: Subject
    limit: Any
    besides: Any
    applies: Bools | None
    bounds: bool

    def rows(self, chosen: slice) -> CapOf:
        """Give some rows alone."""
        return replace(
            self,
            limit=self.limit[chosen] if isinstance(self.limit, np.ndarray) else self.limit,
            besides=self.besides[chosen] if isinstance(self.besides, np.ndarray) else self.besides,
            applies=None if self.applies is None else self.applies[chosen],
        )


@dataclass(frozen=True, slots=True)
class OnceOf:
    """The one-off counter of a clause."""

    counter: str
    subject: Subject
    per: Per
    most: int


@dataclass(frozen=True, slots=True)
class Counter:
    """Which counter each row's is: rows with equal keys share one."""

    name: str
    keys: Ints


def caps_of(sheet: Sheet, clause: schema.Clause) -> Iterator[CapOf]:
    """Give every cap that the clause stands under, in the order in which they bound."""
    kind = sheet.desk.document.programme.classes.get(clause.voucher_class or "")
    owners = [(clause.id, clause.caps)]
    if kind:
        owners.append((f"classes.{clause.voucher_class}", kind.caps))
    found: dict[str, CapOf] = {}
    for name, unders in owners:
        for place, under in enumerate(unders):
            where = sheet.holds(f"{name}.caps[{place}]") if under.only else None
            if (where is not None and not where.any()) or not sheet.figure(under.counts, where):
                continue
            one = _cap(sheet, clause, under.cap, where)
            before = found.get(under.cap)
            if before and before.applies is not None:
                one = replace(one, applies=None if where is None else before.applies | where)
            found[under.cap] = replace(one, applies=None) if before and before.applies is None else one
    yield from found.values()


def _cap(sheet: Sheet, clause: schema.Clause, cap_id: str, where: Bools | None) -> CapOf:
    cap = sheet.desk.document.programme.caps[cap_id]
    inner = _Where(sheet, where)
    limit, besides = _limit(inner, cap), 0
    subject = cap.subject
    if subject not in (Subject.PROGRAMME, Subject.CLAIM):
        inner.missing(sheet.desk.document.programme.subjects[subject])
    if cap.besides:
        besides = inner.money(cap.besides)
    bounds = cap.measures is Measure.ISSUED or (clause.grants is Grant.AWARD and cap.measures is Measure.PAID)
    counter = "" if subject is Subject.CLAIM else cap_id
    return CapOf(cap_id, counter, cap.measures, subject, limit, besides, where, bounds)


@dataclass(frozen=True, slots=True)
class _Where:
    """A sheet, of which only some rows are asked."""

    sheet: Sheet
    where: Bools | None

    def missing(self, name: str) -> None:
        rows = self.sheet.missing([name])
        self.sheet.refuse("FACT_MISSING", rows if self.where is None else rows & self.where)

    def money(self, name: str) -> Any:
        self.missing(name)
        column = self.sheet.desk.column(name)
        if column is None or column.kind is not Kind.MONEY:
            self.sheet.doubt(self.where)
            return np.zeros(self.sheet.desk.count, dtype=np.int64)
        return column.values


def _limit(inner: _Where, cap: schema.Cap) -> Any:
    sheet = inner.sheet
    if cap.amount is not None:
        fixed = sheet.figure(cap.amount, inner.where)
        return 0 if fixed is None else fixed
    share = sheet.figure(cap.share, inner.where)
    base = inner.money(cap.of or "")
    if share is None:
        return np.zeros(sheet.desk.count, dtype=np.int64)
    limit, unsure = floor_share(base, share, sheet.desk.count)
    sheet.doubt(unsure if inner.where is None else unsure & inner.where)
    return limit


def once_of(sheet: Sheet, clause: schema.Clause) -> OnceOf | None:
    """Give the one-off counter of a clause."""
    once = clause.once
    if once is None:
        return None
    own = once.subject is not Subject.PROGRAMME
    missing = sheet.missing([sheet.desk.document.programme.subjects[once.subject]] if own else [])
    sheet.refuse("FACT_MISSING", missing)
    most = sheet.figure(once.most, ~missing)
    name = once_name(clause.id, once, sheet.desk.document.programme.fiscal_year_month)
    return OnceOf(name, once.subject, once.per, 1 if most is None else int(most))


def owner_of(clause_id: str, once: schema.Once) -> str:
    """Give whose grants a one-off counts: its own clause's, or ``*`` for all that say so."""
    return clause_id if once.across is Across.CLAUSE else "*"


def once_name(clause_id: str, once: schema.Once, fiscal_month: int) -> str:
    """Name a one-off counter; a fiscal year that is the calendar's shares its name."""
    per = Per.CALENDAR_YEAR if once.per is Per.FISCAL_YEAR and fiscal_month == 1 else once.per
    return f"once/{owner_of(clause_id, once)}/{once.subject}/{per}"


def counter(desk: Desk, name: str, subject: Subject, per: Per) -> Counter | None:
    """Give the keys of one counter, or None where its subject can't be told apart in numbers."""
    month = desk.document.programme.fiscal_year_month
    periods = [period_of(per, day, month) for day in desk.table.days[0]]
    names = {span: number for number, span in enumerate(dict.fromkeys(periods))}
    keys = desk.table.by_day([names[span] for span in periods])
    if subject is Subject.PROGRAMME:
        return Counter(name, keys)
    column = desk.column(desk.document.programme.subjects[subject])
    if column is None:
        return Counter(name, keys)
    if column.kind not in (Kind.TEXT, Kind.ENUM, Kind.DECIMAL, Kind.INT, Kind.DATE):
        return None
    return Counter(name, column.values.astype(np.int64) * len(names) + keys)

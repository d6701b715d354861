"""What is written down while one clause is weighed for many applications: each row's first reason, and its doubts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jiaozi.policy.rules.document import Document, Test
from jiaozi.policy.rules.expression import read
from jiaozi.policy.rules.figures import Figure
from jiaozi.policy.rules.many.columns import Bools, Column, Table
from jiaozi.policy.rules.many.judging import Bench, Unvectorised, constant
from jiaozi.policy.rules.weighing import Weighing, parameters, suppliers_on
from jiaozi.policy.rules.words import Kind

CODES = (
    "",
    "NOT_IN_FORCE",
    "FACTS_CONTRADICT",
    "FACT_MISSING",
    "CONDITION_NOT_MET",
    "CONDITION_UNPUBLISHED",
    "PARAMETER_UNPUBLISHED",
    "SUPPLIERS_UNPUBLISHED",
    "OUTSIDE_WINDOW",
    "CREDIT_RECORD",
    "CREDIT_LISTED",
    "RELATED",
    "SUPPLIER_CLAIMS",
    "BOTH_SIDES_CLAIM",
    "SUPPLIER_NOT_ADMITTED",
    "SERVICE_NOT_ELIGIBLE",
    "OTHER_SUPPORT",
    "ALREADY_GRANTED",
    "BELOW_THRESHOLD",
    "BASE_NEGATIVE",
    "CONTRACT_DATES_WRONG",
    "OUTSIDE_BASE_PERIOD",
    "OUTSIDE_BANDS",
    "RATIO_OUT_OF_BOUNDS",
    "NOTHING_TO_GRANT",
    "CAP_EXHAUSTED",
    "BELOW_MINIMUM",
    "EXCLUSIVE",
    "CEILING_REACHED",
    "CONDITION_ERROR",
)
"""Reasons by the number that stands for them in an array; 0 is none."""
NUMBER = {code: number for number, code in enumerate(CODES)}


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a condition: true, false, or unknown because a fact is missing; each row is one at most."""

    true: Bools
    false: Bools
    unknown: Bools


@dataclass(slots=True)
class Desk:
    """One programme, one table of applications, and the figures that hold for all of them."""

    document: Document
    table: Table
    allow_demo: bool
    bench: Bench = field(init=False)
    figures: Weighing = field(init=False)

    def __post_init__(self) -> None:
        document, days = self.document, self.table.days[0]
        kinds = {name: one.kind for name, one in document.programme.parameters.items()}
        known = parameters(document, self.allow_demo)
        listed = {day: frozenset(row.id for row in suppliers_on(document, day, self.allow_demo)) for day in days}
        self.bench = Bench(self.table, {name: constant(kinds[name], value) for name, value in known.items()}, listed)
        self.figures = Weighing(document, {}, {}, days[0], self.allow_demo)

    @property
    def count(self) -> int:
        """How many applications there are."""
        return self.table.count

    def nowhere(self) -> Bools:
        """Give a fresh mask of no row."""
        return np.zeros(self.count, dtype=bool)

    def column(self, name: str) -> Column | None:
        """Find a fact's column."""
        return self.table.columns.get(name)


@dataclass(slots=True)
class Sheet:
    """One clause in the making: for every row its first reason by number, whether a condition is unknown, and doubts.

    A row in doubt is decided one by one; a row that has a reason has none left.
    """

    desk: Desk
    reason: Any = field(init=False)
    unknown: Bools = field(init=False)
    unsure: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.reason = np.zeros(self.desk.count, dtype=np.uint8)
        self.unknown, self.unsure = self.desk.nowhere(), self.desk.nowhere()

    @property
    def open(self) -> Bools:
        """The rows that nothing stands against so far."""
        found: Bools = self.reason == 0
        return found

    def refuse(self, code: str, where: Bools | None = None) -> None:
        """Note a reason where there is none yet."""
        fresh = self.open if where is None else self.open & where
        self.reason[fresh] = NUMBER[code]

    def doubt(self, where: Bools | None = None) -> None:
        """Leave rows to be decided one by one."""
        self.unsure |= self.open if where is None else self.open & where

    def missing(self, names: Iterable[str]) -> Bools:
        """Give the rows in which one of these facts is not given."""
        rows = self.desk.nowhere()
        for name in names:
            column = self.desk.column(name)
            if column is None:
                rows[:] = True
            elif column.given is not None:
                rows |= ~column.given
        return rows

    def fact(self, name: str, kind: Kind | None = None) -> tuple[Any, Bools]:
        """Give a fact's values and the rows in which it is known; the others are refused."""
        column, missing = self.desk.column(name), self.missing([name])
        self.refuse("FACT_MISSING", missing)
        if column is None or (kind is not None and column.kind is not kind):
            self.doubt(~missing)
            return np.zeros(self.desk.count, dtype=np.int64), ~missing
        return column.values, ~missing

    def money(self, name: str) -> tuple[Any, Bools]:
        """Give a money fact in fen."""
        return self.fact(name, Kind.MONEY)

    def figure(self, figure: Figure | None, where: Bools | None = None) -> Any:
        """Give a figure's value, or None with a reason where it is not published."""
        value = self.desk.figures.figure(figure) if figure else None
        self._note(where)
        return value

    def _note(self, where: Bools | None) -> None:
        for reason in self.desk.figures.reasons:
            self.refuse(reason.code, where)
        self.desk.figures.begin("")

    def suppliers_known(self) -> bool:
        """Say whether the list of suppliers can be used."""
        known = self.desk.figures.suppliers_known()
        self._note(None)
        return known

    def look(self, test: Test, where: Bools | None = None) -> Found:
        """Run one condition, in the order in which ``testing.look`` finds reasons."""
        compiled, none = test.compiled, self.desk.nowhere()
        usable = [self.desk.figures.parameter(name) for name in compiled.parameters]
        self._note(where)
        listed = not compiled.suppliers or self.suppliers_known()
        if test.unpublished and not self.desk.allow_demo:
            self.refuse("CONDITION_UNPUBLISHED", where)
            return Found(none, none, none)
        unknown = self.missing(compiled.facts)
        self.refuse("FACT_MISSING", unknown if where is None else unknown & where)
        if not all(usable) or not listed or unknown.all():
            return Found(none, none, unknown)
        try:
            value = self.desk.bench.judge(read(compiled.expression.serialize()))
        except Unvectorised:
            self.doubt(where)
            return Found(~unknown, none, unknown)
        if value.unsure is not None:
            unsure = np.broadcast_to(value.unsure, none.shape) & ~unknown
            self.doubt(unsure if where is None else unsure & where)
        answer = np.broadcast_to(np.asarray(value.data, dtype=bool), none.shape)
        return Found(answer & ~unknown, ~answer & ~unknown, unknown)

    def must_hold(self, test: Test) -> None:
        """Judge a condition of the clause."""
        found = self.look(test)
        self.unknown |= found.unknown
        self.refuse("CONDITION_NOT_MET", found.false)

    def holds(self, name: str, where: Bools | None = None) -> Bools:
        """Ask a condition that chooses; false is an answer."""
        return self.look(self.desk.document.asides[name], where).true

    def ask(self, names: Iterable[str], holds: Bools | None, code: str) -> None:
        """Ask a gate: its facts must be known, and it must hold."""
        missing = self.missing(names)
        self.unknown |= missing
        self.refuse("FACT_MISSING", missing)
        if holds is None:
            self.doubt(~missing)
        else:
            self.refuse(code, ~holds & ~missing)

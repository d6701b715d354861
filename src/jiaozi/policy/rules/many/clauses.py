"""Weighs one clause for many applications: all that does not depend on what was granted before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.document import ALWAYS, SUPPLIER_TESTS
from jiaozi.policy.rules.many.asking import ask_gates
from jiaozi.policy.rules.many.columns import Bools, Ints
from jiaozi.policy.rules.many.counting import CapOf, OnceOf, caps_of, once_of
from jiaozi.policy.rules.many.reckoning import reckon
from jiaozi.policy.rules.many.sheet import NUMBER, Desk, Sheet
from jiaozi.policy.rules.words import Decided, Gate, Grant

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Weighed:
    """One clause on every row, before its counters.

    Attributes
    ----------
    reason
        The first reason found before the one-off counter is asked, by number.
    reckoned
        The first reason found up to the caps; counters come between the two.
    amount_fen
        Before the caps; None where the clause has no amount or nobody comes as far as that.
    unknown
        Where a condition rests on a fact that is missing.
    """

    clause: schema.Clause
    reason: Codes
    reckoned: Codes
    amount_fen: Ints | None
    least_fen: int
    caps: tuple[CapOf, ...]
    once: OnceOf | None
    unknown: Bools

    @property
    def by_hand(self) -> bool:
        """Whether a person decides the amount."""
        return self.clause.decided is Decided.BY_HAND

    def rows(self, chosen: slice) -> Weighed:
        """Give some rows alone."""
        return replace(
            self,
            reason=self.reason[chosen],
            reckoned=self.reckoned[chosen],
            amount_fen=None if self.amount_fen is None else self.amount_fen[chosen],
            caps=tuple(cap.rows(chosen) for cap in self.caps),
            unknown=self.unknown[chosen],
        )


def weigh_clause(desk: Desk, clause: schema.Clause) -> tuple[Weighed, Bools]:
    """Weigh a clause, in the order of ``deciding``; the second answer is where one row at a time must be asked."""
    sheet, tests = Sheet(desk), desk.document.tests
    _check_in_force(sheet)
    common = tests[ALWAYS] if Gate.ALWAYS not in clause.without else ()
    of_suppliers = tests[SUPPLIER_TESTS] if Gate.SUPPLIERS not in clause.without else ()
    for test in (*tests[clause.id], *common, *of_suppliers):
        sheet.must_hold(test)
    ask_gates(sheet, clause)
    if not sheet.open.any():
        return Weighed(clause, sheet.reason, sheet.reason, None, 0, (), None, sheet.unknown), sheet.unsure
    caps = tuple(caps_of(sheet, clause))
    once = once_of(sheet, clause)
    before = sheet.reason.copy()
    amount_fen, least_fen = reckon(sheet, clause, clause.amount) if clause.amount else (None, 0)
    return Weighed(clause, before, sheet.reason, amount_fen, least_fen, caps, once, sheet.unknown), sheet.unsure


def _check_in_force(sheet: Sheet) -> None:
    effective, on = sheet.desk.document.programme.effective, sheet.desk.table.on
    since = sheet.figure(effective.since)
    until = sheet.figure(effective.to) if effective.to else None
    if since:
        sheet.refuse("NOT_IN_FORCE", on < since.toordinal())
    if until:
        sheet.refuse("NOT_IN_FORCE", on > until.toordinal())


@dataclass(frozen=True, slots=True)
class Alone:
    """What a clause gives each row alone: its amount where nothing stands against it, else the first reason."""

    granted: Bools
    amount_fen: Ints
    reason: Codes


def give(weighed: Weighed, used: dict[str, Ints]) -> Alone:
    """Apply the counters of what was used before: one-off, caps, whole steps, minimum.

    ``used`` names every counter of the clause; a cap bounds by what it leaves, as in ``amounts.under``.
    """
    count = len(weighed.reason)
    reason = weighed.reason.copy()
    if weighed.once:
        _note(reason, used[weighed.once.counter] >= weighed.once.most, "ALREADY_GRANTED")
    fresh = reason == 0
    reason[fresh] = weighed.reckoned[fresh]
    if weighed.amount_fen is None:
        return Alone(reason == 0, np.zeros(count, dtype=np.int64), reason)
    amount_fen = weighed.amount_fen
    for cap in weighed.caps:
        if cap.bounds:
            left_fen = left_of(cap, used)
            amount_fen = _where(cap.applies, np.minimum(amount_fen, left_fen), amount_fen)
            _note(reason, _where(cap.applies, left_fen == 0, other=False), "CAP_EXHAUSTED")
    step_fen = weighed.clause.amount.rounding.step_fen if weighed.clause.amount else 1
    if step_fen > 1:
        cut_fen = amount_fen // step_fen * step_fen
        _note(reason, (cut_fen == 0) & (cut_fen != amount_fen), "NOTHING_TO_GRANT")
        amount_fen = cut_fen
    if weighed.least_fen:
        _note(reason, amount_fen < weighed.least_fen, "BELOW_MINIMUM")
    granted = reason == 0
    given = np.where(granted & (not weighed.by_hand and weighed.clause.grants is not Grant.NONE), amount_fen, 0)
    return Alone(granted, given, reason)


def left_of(cap: CapOf, used: dict[str, Ints]) -> Any:
    """Give what a cap leaves, never negative."""
    before = cap.besides + (used[cap.counter] if cap.counter else 0)
    return np.maximum(0, cap.limit - before)


def _where(applies: Bools | None, then: Any, other: Any) -> Any:
    return then if applies is None else np.where(applies, then, other)


def _note(reason: Codes, where: Any, code: str) -> None:
    reason[(reason == 0) & where] = NUMBER[code]

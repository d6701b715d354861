"""Decides many applications at once, clause by clause to the fen what ``deciding.decide`` decides one by one.

``weigh`` does all that does not depend on what was granted before; ``Many.decide`` takes the counters of each row and
gives the outcome. Rows in doubt, a few, go through ``decide`` itself and are counted in ``slow``.

Cost: weighing about 20 passes over the rows a clause; deciding about 10 a clause that anybody meets. One million
applications against a programme of two such clauses: under a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np

from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules import deciding, schema
from jiaozi.policy.rules.caps import period_of
from jiaozi.policy.rules.decision import CapUse, Decision, OnceUse, Outcome
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.many.choosing import BY_HAND, GRANTED, REFUSED, Ceiling, Chosen, Rule, choose
from jiaozi.policy.rules.many.clauses import Alone, Weighed, give, weigh_clause
from jiaozi.policy.rules.many.columns import Bools, Ints, Table
from jiaozi.policy.rules.many.counting import CapOf, Counter, counter, once_name, owner_of
from jiaozi.policy.rules.many.exact import floor_share
from jiaozi.policy.rules.many.sheet import CODES, NUMBER, Desk, Sheet
from jiaozi.policy.rules.problems import UnableToReadFacts
from jiaozi.policy.rules.words import Concurrence

_OUTCOMES = {Outcome.REFUSED: REFUSED, Outcome.BY_HAND: BY_HAND, Outcome.GRANTED: GRANTED}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on every row, and what each clause would give alone."""

    chosen: Chosen
    alone: tuple[Alone, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What ``decide`` said of one row: outcome, clause and reason; what each clause gives, and gives alone."""

    chosen: tuple[int, int, int]
    pieces_fen: tuple[int, ...]
    alone: tuple[tuple[bool, int, int], ...]


@dataclass(slots=True)
class Many:
    """Applications weighed against one programme, ready to be decided under any counters.

    Attributes
    ----------
    counters
        Whose counter each row's is, by name: a cap's name, or ``once/…``.
    unsure
        Rows that are decided one by one.
    """

    document: Document
    table: Table
    allow_demo: bool
    clause_id: str | None
    weighed: list[Weighed]
    counters: Mapping[str, Counter]
    rule: Rule
    contradictory: Bools
    unsure: Bools
    _keys: dict[int, dict[str, str]] = field(default_factory=dict)
    _answers: dict[int, tuple[tuple[int, ...], _Answer | None]] = field(default_factory=dict)

    @property
    def slow(self) -> int:
        """How many rows are decided one by one."""
        return int(self.unsure.sum())

    def decide(self, used: Mapping[str, Ints] | None = None, begin: int = 0, end: int | None = None) -> Decided:
        """Decide the rows from ``begin`` to ``end``; ``used`` holds for each of them what each counter used before.

        A counter that is absent counts 0.
        """
        rows = slice(begin, self.table.count if end is None else end)
        count = rows.stop - rows.start
        known = {name: np.zeros(count, dtype=np.int64) for name in self.counters} | dict(used or {})
        whole = count == self.table.count
        weighed = self.weighed if whole else [one.rows(rows) for one in self.weighed]
        rule = self.rule if whole or not self.rule.ceiling else Rule(self.rule.word, self.rule.ceiling.rows(rows))
        alone = [give(one, known) for one in weighed]
        chosen = choose(weighed, alone, known, rule)
        self._contradict(chosen, self.contradictory[rows])
        for row in np.flatnonzero(self.unsure[rows]):
            self._one_by_one(int(row), rows.start + int(row), known, chosen, alone)
        return Decided(chosen, tuple(alone))

    def _contradict(self, chosen: Chosen, rows: Bools) -> None:
        chosen.outcome[rows], chosen.clause[rows] = REFUSED, -1
        chosen.pieces_fen[:, rows], chosen.reason[rows] = 0, NUMBER["FACTS_CONTRADICT"]

    def _one_by_one(self, place: int, row: int, used: Mapping[str, Ints], chosen: Chosen, alone: list[Alone]) -> None:
        """Ask ``decide`` about one row; asked again under the same counters, answer from memory."""
        counts = {name: int(used[name][place]) for name in self.counters}
        if row not in self._answers or self._answers[row][0] != (*counts.values(),):
            self._answers[row] = ((*counts.values(),), self._answer(row, counts))
        answer = self._answers[row][1]
        if answer is None:
            self._contradict(chosen, np.arange(len(chosen.outcome)) == place)
            return
        chosen.outcome[place], chosen.clause[place], chosen.reason[place] = answer.chosen
        chosen.pieces_fen[:, place] = answer.pieces_fen
        for one, found in zip(alone, answer.alone, strict=True):
            one.granted[place], one.amount_fen[place], one.reason[place] = found

    def _answer(self, row: int, used: Mapping[str, int]) -> _Answer | None:
        try:
            decision = self.decision(row, used)
        except UnableToReadFacts:
            return None
        places = {one.clause.id: number for number, one in enumerate(self.weighed)}
        pieces = {piece.clause: piece.amount_fen for piece in decision.pieces}
        if not pieces and decision.outcome is Outcome.GRANTED:
            pieces = {decision.chosen: decision.amount_fen or 0}
        return _Answer(
            (_OUTCOMES[decision.outcome], places.get(decision.chosen, -1), _code(decision.outcome, decision.reasons)),
            tuple(pieces.get(name, 0) for name in places),
            tuple(
                (one.outcome is not Outcome.REFUSED, one.amount_fen or 0, _code(one.outcome, one.reasons))
                for one in decision.clauses
            ),
        )

    def decision(self, row: int, used: Mapping[str, int]) -> Decision:
        """Decide one row by ``decide``, with every reason.

        Raises
        ------
        UnableToReadFacts
            When its facts contradict each other.
        """
        asked: dict[str, Any] = {
            "clause_id": self.clause_id,
            "facts": self.table.facts(row),
            "on": self.table.on_day(row),
            "allow_demo": self.allow_demo,
        }
        if row not in self._keys:
            uses = deciding.measured(self.document, **asked)
            self._keys[row] = {use.key: _name_of(self.document, use, asked["on"]) for use in uses}
        counters = {key: used.get(name, 0) for key, name in self._keys[row].items()}
        return deciding.decide(self.document, counters=counters, **asked)


def _name_of(document: Document, use: CapUse | OnceUse, on: date) -> str:
    """Give a counter's name among many."""
    if isinstance(use, CapUse):
        return use.cap_id
    month = document.programme.fiscal_year_month
    for clause in document.programme.clauses:
        once = clause.once
        if once and (use.clause, use.subject, use.period) == (
            owner_of(clause.id, once),
            once.subject,
            period_of(once.per, on, month),
        ):
            return once_name(clause.id, once, month)
    raise LookupError(use.key)


def _code(outcome: Outcome, reasons: tuple[Reason, ...]) -> int:
    return NUMBER[reasons[0].code] if outcome is Outcome.REFUSED and reasons else 0


def weigh(document: Document, table: Table, *, allow_demo: bool, clause_id: str | None = None) -> Many:
    """Weigh every application against one clause, or all.

    Raises
    ------
    UnableToDecide
        When there is no such clause.
    """
    if not table.count:
        raise ValueError("no application to decide")
    desk = Desk(document, table, allow_demo)
    clauses = document.programme.clauses if clause_id is None else (document.clause(clause_id),)
    contradictory, unsure = _contradictory(desk)
    weighed = []
    for clause in clauses:
        one, doubtful = weigh_clause(desk, clause)
        weighed.append(one)
        unsure |= doubtful
    rule, doubtful = _rule(desk)
    met = np.add.reduce([(one.reckoned == 0).astype(np.int16) for one in weighed])
    unsure |= doubtful & (met > 0)
    if document.programme.together.groups:
        unsure |= met > 1
    counters, uncounted = _counters(desk, weighed)
    if uncounted:
        unsure |= met > 0
    return Many(document, table, allow_demo, clause_id, weighed, counters, rule, contradictory, unsure & ~contradictory)


def _contradictory(desk: Desk) -> tuple[Bools, Bools]:
    """Find rows whose facts contradict each other, by the document's own tests, as far as their facts are given."""
    wrong, sheet = desk.nowhere(), Sheet(desk)
    for test in desk.document.consistent:
        if all(desk.column(name) is not None for name in test.compiled.facts):
            given = ~sheet.missing(test.compiled.facts)
            doubts = Sheet(desk)
            found = doubts.look(test)
            wrong |= given & found.false
            sheet.unsure |= given & doubts.unsure
    return wrong & ~sheet.unsure, sheet.unsure


def _rule(desk: Desk) -> tuple[Rule, Bools]:
    together, sheet = desk.document.programme.together, Sheet(desk)
    raw = sheet.figure(together.rule)
    word = None if raw is None else Concurrence(raw)
    if together.ceiling is None:
        return Rule(word, None), desk.nowhere()
    sheet = Sheet(desk)
    limit, besides = _ceiling(sheet, together.ceiling)
    return Rule(word, Ceiling(limit, besides, sheet.reason)), sheet.unsure


def _ceiling(sheet: Sheet, ceiling: schema.Ceiling) -> tuple[Ints, Ints]:
    count = sheet.desk.count
    if ceiling.amount is not None:
        limit = np.full(count, sheet.figure(ceiling.amount) or 0, dtype=np.int64)
    else:
        share = sheet.figure(ceiling.share)
        base, _known = sheet.money(ceiling.of or "")
        limit, unsure = floor_share(base, share or Fraction(0), count)
        sheet.doubt(unsure)
    besides = sheet.money(ceiling.besides)[0] if ceiling.besides else np.zeros(count, dtype=np.int64)
    return limit, besides


def _counters(desk: Desk, weighed: list[Weighed]) -> tuple[dict[str, Counter], bool]:
    """Give every counter that any clause looks at, and whether one can't be told apart in numbers."""
    found: dict[str, Counter | None] = {}
    caps = desk.document.programme.caps
    for one in weighed:
        for cap in one.caps:
            if cap.counter and cap.counter not in found:
                found[cap.counter] = counter(desk, cap.counter, cap.subject, caps[cap.cap_id].per)
        if one.once and one.once.counter not in found:
            found[one.once.counter] = counter(desk, one.once.counter, one.once.subject, one.once.per)
    known = {name: each for name, each in found.items() if each is not None}
    for name in found.keys() - known.keys():
        known[name] = Counter(name, np.arange(desk.count, dtype=np.int64))
    return known, len(known) > sum(each is not None for each in found.values())


def bounding(many: Many) -> tuple[CapOf, ...]:
    """Give every cap that bounds a grant, each once."""
    return tuple({cap.cap_id: cap for one in many.weighed for cap in one.caps if cap.bounds}.values())


__all__ = ["BY_HAND", "CODES", "GRANTED", "NUMBER", "REFUSED", "Decided", "Many", "bounding", "weigh"]

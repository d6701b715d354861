"""What each application gets that meets several clauses, as ``concurrence`` chooses for one.

Where clauses stand in groups, or a figure of the choice is not there, the rows are left to be decided one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiaozi.policy.rules.many.clauses import Alone, Codes, Weighed, left_of
from jiaozi.policy.rules.many.columns import Bools, Ints
from jiaozi.policy.rules.many.sheet import NUMBER
from jiaozi.policy.rules.words import Concurrence, Subject

REFUSED, BY_HAND, GRANTED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Rule:
    """How several clauses stand to each other: ``word`` None where that is not published.

    ``ceiling`` holds limit and what counts besides, and where either is missing with its reason.
    """

    word: Concurrence | None
    ceiling: Ceiling | None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that is given together: fen on every row, and the first reason where it is not known."""

    limit_fen: Any
    besides_fen: Any
    reason: Codes

    def rows(self, chosen: slice) -> Ceiling:
        """Give some rows alone."""
        return Ceiling(self.limit_fen[chosen], self.besides_fen[chosen], self.reason[chosen])


@dataclass(frozen=True, slots=True)
class Chosen:
    """What comes out on every row.

    Attributes
    ----------
    outcome
        ``REFUSED``, ``BY_HAND`` or ``GRANTED``.
    clause
        Index of the clause that the decision rests on, -1 for none.
    pieces_fen
        Clauses by rows: what each gives in the end.
    reason
        The first reason of a refusal, by number.
    """

    outcome: NDArray[np.int8]
    clause: NDArray[np.int16]
    pieces_fen: Ints
    reason: Codes

    @property
    def amount_fen(self) -> Ints:
        """What is given in all."""
        total: Ints = self.pieces_fen.sum(axis=0)
        return total


def choose(weighed: list[Weighed], alone: list[Alone], used: dict[str, Ints], rule: Rule) -> Chosen:
    """Choose among the clauses that each row meets."""
    count = len(alone[0].reason)
    by_rule = [one.granted & (not clause.by_hand) for clause, one in zip(weighed, alone, strict=True)]
    met = np.add.reduce([one.astype(np.int16) for one in by_rule])
    pieces = np.zeros((len(alone), count), dtype=np.int64)
    outcome, clause = np.zeros(count, dtype=np.int8), np.full(count, -1, dtype=np.int16)
    _by_hand(weighed, alone, outcome, clause)
    for place, granted in enumerate(by_rule):
        once = granted & (met == 1)
        pieces[place][once] = alone[place].amount_fen[once]
        outcome[once], clause[once] = GRANTED, place
    reason = _refusal(weighed, alone, outcome, clause)
    several = met > 0 if rule.ceiling else met > 1
    if several.any():
        _several(
            np.flatnonzero(several), (weighed, alone, by_rule), used, rule, Chosen(outcome, clause, pieces, reason)
        )
    return Chosen(outcome, clause, pieces, reason)


def _by_hand(weighed: list[Weighed], alone: list[Alone], outcome: Any, clause: Any) -> None:
    for place in reversed(range(len(alone))):
        if weighed[place].by_hand:
            outcome[alone[place].granted], clause[alone[place].granted] = BY_HAND, place


def _refusal(weighed: list[Weighed], alone: list[Alone], outcome: Any, clause: Any) -> Codes:
    """Name why nothing is given: the first reason of the first clause that the facts are complete for."""
    refused = outcome == REFUSED
    reason = np.zeros(len(outcome), dtype=np.uint8)
    complete = np.zeros(len(outcome), dtype=np.int16)
    for place in range(len(alone)):
        mine = refused & ~weighed[place].unknown
        first = mine & (complete == 0)
        reason[first], clause[first] = alone[place].reason[first], place
        complete[mine] += 1
    clause[refused & (complete > 1)] = -1
    none = refused & (complete == 0)
    reason[none] = alone[0].reason[none]
    clause[none] = 0 if len(alone) == 1 else -1
    return reason


def _several(
    rows: Any, found: tuple[list[Weighed], list[Alone], list[Bools]], used: dict[str, Ints], rule: Rule, into: Chosen
) -> None:
    """Settle the rows that meet several clauses, or stand under a ceiling."""
    weighed, alone, by_rule = found
    met = np.array([one[rows] for one in by_rule])
    amounts = np.array([one.amount_fen[rows] for one in alone]) * met
    many = met.sum(axis=0) > 1
    reason = np.zeros(len(rows), dtype=np.uint8)
    if rule.word is Concurrence.SUM:
        held = _under_shared_caps(weighed, amounts, used, rows)
        kept = np.where(many, (held > 0) & met, met)
        pieces = np.where(many, held, amounts)
    else:
        best = np.argmax(np.where(met, amounts, -1), axis=0)
        kept = met & (np.arange(len(alone))[:, None] == best)
        pieces = amounts * kept
    if rule.word in (None, Concurrence.EXCLUSIVE):
        code = "PARAMETER_UNPUBLISHED" if rule.word is None else "EXCLUSIVE"
        reason[many] = NUMBER[code]
        kept, pieces = kept & ~many, pieces * ~many
    if rule.ceiling:
        pieces, kept = _under_ceiling(rule.ceiling, rows, pieces, kept, reason)
    least = np.array([[one.least_fen] for one in weighed])
    small = kept & (pieces < least)
    kept, pieces = kept & ~small, np.where(small, 0, pieces)
    nothing = ~kept.any(axis=0)
    reason[nothing & small.any(axis=0) & (reason == 0)] = NUMBER["BELOW_MINIMUM"]
    given = ~nothing & (reason == 0)
    into.pieces_fen[:, rows] = pieces * given
    into.outcome[rows] = np.where(given, GRANTED, REFUSED)
    into.clause[rows] = np.where(given, np.argmax(np.where(kept, pieces, -1), axis=0), -1)
    into.reason[rows] = reason


def _under_shared_caps(weighed: list[Weighed], amounts: Ints, used: dict[str, Ints], rows: Any) -> Ints:
    """Let each clause take what the ones before it left of the caps that they share."""
    taken: dict[str, Ints] = {}
    held = np.zeros_like(amounts)
    for place, one in enumerate(weighed):
        bounding = [cap for cap in one.caps if cap.bounds and cap.subject is not Subject.CLAIM]
        amount = amounts[place]
        for cap in bounding:
            left = np.broadcast_to(left_of(cap, used), one.reason.shape)[rows] - taken.get(cap.cap_id, 0)
            bounded = np.minimum(amount, np.maximum(0, left))
            amount = bounded if cap.applies is None else np.where(cap.applies[rows], bounded, amount)
        for cap in bounding:
            mine = amount if cap.applies is None else amount * cap.applies[rows]
            taken[cap.cap_id] = taken.get(cap.cap_id, 0) + mine
        held[place] = amount
    return held


def _under_ceiling(ceiling: Ceiling, rows: Any, pieces: Ints, kept: Bools, reason: Codes) -> tuple[Ints, Bools]:
    """Bound what is given together; the last clauses give way first."""
    asked = kept.any(axis=0) & (reason == 0)
    unknown = ceiling.reason[rows]
    reason[asked & (unknown > 0)] = unknown[asked & (unknown > 0)]
    left = np.maximum(0, ceiling.limit_fen[rows] - ceiling.besides_fen[rows])
    reason[asked & (unknown == 0) & (left == 0)] = NUMBER["CEILING_REACHED"]
    rest, bounded = np.minimum(left, pieces.sum(axis=0)), np.zeros_like(pieces)
    for place in range(len(pieces)):
        bounded[place] = np.minimum(pieces[place], rest)
        rest = rest - bounded[place]
    return bounded, kept & (bounded > 0)

"""Holds the columns' answers against ``decide``, row by row and clause by clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from jiaozi.policy import rules
from jiaozi.policy.rules import facts as fact_reading
from jiaozi.policy.rules import many
from jiaozi.policy.rules.decision import CapUse, Outcome
from jiaozi.policy.rules.many.deciding import _name_of

OUTCOMES = {many.REFUSED: Outcome.REFUSED, many.BY_HAND: Outcome.BY_HAND, many.GRANTED: Outcome.GRANTED}


def table_of(document: rules.Document, rows: Sequence[tuple[date, Mapping[str, Any]]]) -> many.Table:
    kinds = {name: fact.kind for name, fact in document.programme.facts.items()}
    return many.table(kinds, [(on, fact_reading.read(document.programme.facts, facts)) for on, facts in rows])


def one_by_one(document, facts, on, used: Mapping[str, int], *, allow_demo: bool, clause: str | None):
    """Decide as the service does; None where the facts contradict each other."""
    asked = {"clause_id": clause, "facts": facts, "on": on, "allow_demo": allow_demo}
    try:
        uses = rules.measured(document, **asked)
    except rules.UnableToReadFacts:
        return None
    counters = {use.key: used.get(_name_of(document, use, on), 0) for use in uses}
    return rules.decide(document, counters=counters, **asked)


def check(document, rows, used: Sequence[Mapping[str, int]], *, allow_demo=True, clause=None) -> many.Many:
    """Decide the rows both ways; every outcome, amount, piece and first reason must be equal."""
    made = many.weigh(document, table_of(document, rows), allow_demo=allow_demo, clause_id=clause)
    counts = {name: np.array([row.get(name, 0) for row in used], dtype=np.int64) for name in made.counters}
    decided = made.decide(counts)
    ids = [one.clause.id for one in made.weighed]
    for row, ((on, facts), before) in enumerate(zip(rows, used, strict=True)):
        slow = one_by_one(document, facts, on, before, allow_demo=allow_demo, clause=clause)
        assert _columns(decided, ids, row) == _decision(slow, ids), (facts, on, before)
    return made


def _columns(decided: many.Decided, ids: list[str], row: int):
    chosen = decided.chosen
    clause = int(chosen.clause[row])
    if many.CODES[chosen.reason[row]] == "FACTS_CONTRADICT":
        return None
    alone = [
        (
            OUTCOMES[many.REFUSED] if not one.granted[row] else None,
            int(one.amount_fen[row]),
            many.CODES[one.reason[row]],
        )
        for one in decided.alone
    ]
    pieces = {name: int(fen) for name, fen in zip(ids, chosen.pieces_fen[:, row], strict=True) if fen}
    return (
        OUTCOMES[int(chosen.outcome[row])],
        int(chosen.amount_fen[row]),
        ids[clause] if clause >= 0 else "",
        many.CODES[chosen.reason[row]],
        pieces,
        alone,
    )


def _decision(decision, ids: list[str]):
    if decision is None:
        return None
    refused = decision.outcome is Outcome.REFUSED
    alone = [
        (
            Outcome.REFUSED if one.outcome is Outcome.REFUSED else None,
            one.amount_fen or 0,
            one.reasons[0].code if one.outcome is Outcome.REFUSED and one.reasons else "",
        )
        for one in decision.clauses
    ]
    pieces = {piece.clause: piece.amount_fen for piece in decision.pieces}
    if not pieces and decision.outcome is Outcome.GRANTED and decision.amount_fen:
        pieces = {decision.chosen: decision.amount_fen}
    return (
        decision.outcome,
        decision.amount_fen or 0,
        decision.chosen,
        decision.reasons[0].code if refused and decision.reasons else "",
        pieces,
        alone,
    )


__all__ = ["CapUse", "check", "one_by_one", "table_of"]

"""Runs a document's own worked cases: facts in, the decision that the document says must come out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.deciding import decide, measured
from jiaozi.policy.rules.decision import CapUse, Decision, Outcome
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.figures import read_money
from jiaozi.policy.rules.problems import UnableToReadFacts


@dataclass(frozen=True, slots=True)
class CaseRun:
    """One case and what became of it; ``wrong`` is None where it came out as expected."""

    index: int
    line: int
    column: int
    title: str
    wrong: Label | None
    decision: Decision | None


def run_cases(document: Document) -> Iterator[CaseRun]:
    """Run every case of a document, in order."""
    for index, case in enumerate(document.programme.cases):
        place = document.case_places[index]
        title = case.title or f"{case.clause or '*'} → {case.expect}"
        try:
            decision = decide_case(document, case)
        except UnableToReadFacts as refused:
            wrong = _unreadable_as_expected(case, refused)
            yield CaseRun(index, *place, title, wrong, None)
            continue
        yield CaseRun(index, *place, title, _difference(case, decision), decision)


def decide_case(document: Document, case: schema.Case) -> Decision:
    """Decide one case: its sample's facts, its own over them, its counters by cap id."""
    facts = _merged(document.programme.samples.get(case.sample or "", {}), case.facts)
    uses = measured(document, clause_id=case.clause, facts=facts, on=case.on, allow_demo=case.allow_demo)
    counters = {
        use.key: case.used.get(use.cap_id, 0) if isinstance(use, CapUse) else case.granted_before for use in uses
    }
    return decide(
        document, clause_id=case.clause, facts=facts, counters=counters, on=case.on, allow_demo=case.allow_demo
    )


def _merged(sample: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Lay a case's own facts over its sample's; a fact set to ``null`` is taken out."""
    facts = copy.deepcopy(sample)
    for group, inner in own.items():
        if isinstance(inner, dict) and isinstance(facts.get(group, {}), dict):
            merged = {**facts.get(group, {}), **inner}
            facts[group] = {name: value for name, value in merged.items() if value is not None}
        else:
            facts[group] = inner
    return facts


def _unreadable_as_expected(case: schema.Case, refused: UnableToReadFacts) -> Label | None:
    codes = [reason.code for reason in refused.reasons]
    if case.expect == schema.REFUSED and case.because in codes:
        return None
    text = str(refused)
    return Label(f"事实不可读：{text}", f"the facts can't be read: {text}")


def _difference(case: schema.Case, decision: Decision) -> Label | None:
    """Say how a decision differs from what the case expects."""
    codes = [reason.code for reason in decision.reasons]
    if case.expect in schema.EXPECTED_WORDS:
        wanted, same = case.expect, decision.outcome is Outcome[case.expect.upper()]
    else:
        expected_fen = read_money(case.expect)
        wanted = f"{yuan(expected_fen)}"
        same = decision.outcome is Outcome.GRANTED and decision.amount_fen == expected_fen
    if not same:
        got = yuan(decision.amount_fen or 0) if decision.outcome is Outcome.GRANTED else decision.outcome.lower()
        why = "; ".join(reason.label.en for reason in decision.reasons)
        return Label(f"应为 {wanted}，实为 {got} {why}".strip(), f"expected {wanted}, got {got} {why}".strip())
    if case.chosen and case.chosen != decision.chosen:
        got = decision.chosen or "—"
        return Label(f"应选条款 {case.chosen}，实为 {got}", f"expected the clause {case.chosen}, got {got}")
    if case.because and case.because not in codes:
        return Label(f"理由应含 {case.because}，实为 {codes}", f"expected the reason {case.because}, got {codes}")
    return None

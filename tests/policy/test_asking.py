"""What a form asks: with those facts, and no others, a clause of any city can be decided."""

from pathlib import Path

import pytest

from jiaozi.policy.rules import UnableToReadFacts, decide, load
from jiaozi.policy.rules.asking import facts_asked, subject_facts

PROGRAMMES = sorted(Path("programmes").glob("*.yaml"))


@pytest.mark.parametrize("path", PROGRAMMES, ids=lambda path: path.stem)
def test_what_is_asked_is_enough_for_every_worked_case(path):
    document = load(path.read_text(encoding="utf-8"))
    programme = document.programme
    tried = 0
    for case in programme.cases:
        sample = programme.samples.get(case.sample, {}) if case.sample else {}
        given = {key: {**sample.get(key, {}), **case.facts.get(key, {})} for key in {**sample, **case.facts}}
        words = {"counters": {}, "on": case.on, "allow_demo": case.allow_demo}
        for clause in [case.clause] if case.clause else [one.id for one in programme.clauses]:
            try:
                whole = decide(document, clause_id=clause, facts=given, **words)
            except UnableToReadFacts:
                continue  # what contradicts itself is refused whatever is asked
            asked = facts_asked(document, clause)
            kept = {
                group: {part: value for part, value in parts.items() if f"{group}.{part}" in asked}
                for group, parts in given.items()
            }
            part = decide(document, clause_id=clause, facts=kept, **words)
            assert (part.outcome, part.amount_fen, part.reasons) == (whole.outcome, whole.amount_fen, whole.reasons)
            tried += 1
    assert tried


@pytest.mark.parametrize("path", PROGRAMMES, ids=lambda path: path.stem)
def test_every_question_is_a_declared_fact(path):
    document = load(path.read_text(encoding="utf-8"))
    for clause in document.programme.clauses:
        asked = facts_asked(document, clause.id)
        assert asked
        assert set(asked) <= set(document.facts)
        assert list(asked) == sorted(asked, key=document.facts.index)
    assert subject_facts(document) <= set(document.facts)


def test_chengdu_s_project_clause_asks_for_the_project_and_nothing_of_the_applicant():
    document = load(Path("programmes/chengdu-2023.yaml").read_text(encoding="utf-8"))
    asked = facts_asked(document, "project-national")
    assert asked == ("project.id", "project.won", "project.level", "project.supplier", "project.compute_cost")

"""Every programme document decides its own worked cases as it says."""

from datetime import timedelta

import pytest

from jiaozi.policy import rules

from .documents import CHENGDU, PROGRAMMES, UNSEEN

_DOCUMENTS = [(path.name, rules.load(path.read_text(encoding="utf-8"))) for path in PROGRAMMES]
_RUNS = [(name, document, run) for name, document in _DOCUMENTS for run in rules.run_cases(document)]


@pytest.mark.parametrize(
    "run", [run for _, _, run in _RUNS], ids=[f"{name}-{run.index}-{run.title}" for name, _, run in _RUNS]
)
def test_case(run):
    assert run.wrong is None, run.wrong


@pytest.mark.parametrize(("document", "run"), [(document, run) for _, document, run in _RUNS if run.decision])
def test_decision_is_stored_and_made_again(document, run):
    stored = rules.Decision.from_json(run.decision.to_json())
    assert stored == run.decision
    assert rules.replay(document, stored) == run.decision


@pytest.mark.parametrize("path", [*PROGRAMMES, *UNSEEN], ids=lambda path: path.stem)
def test_every_clause_is_tried_on_both_sides_of_each_of_its_borders(path):
    """Each condition is once false, each cap that bounds the grant once binds, each clause grants and refuses."""
    document = rules.load(path.read_text(encoding="utf-8"))
    found = [one for run in rules.run_cases(document) if run.decision for one in run.decision.clauses]
    for clause in document.programme.clauses:
        own = [one for one in found if one.clause == clause.id]
        false = {test.label for one in own for test in one.conditions if test.truth == "FALSE"}
        assert {test.label for test in clause.when} <= false, f"{clause.id}: a condition that is never false"
        cut = {step.name for one in own for step in one.steps if step.binding}
        bounding = {use.cap_id for one in own for use in one.caps if use.measures == "issued" or one.grants == "award"}
        assert bounding <= cut, f"{clause.id}: a cap that never binds"
        assert {"REFUSED"} < {str(one.outcome) for one in own}, clause.id


@pytest.mark.parametrize("path", PROGRAMMES, ids=lambda path: path.stem)
def test_every_programme_is_asked_on_its_first_day_and_the_day_before(path):
    document = rules.load(path.read_text(encoding="utf-8"))
    first, last = rules.effective_dates(document, allow_demo=True)
    days = {case.on for case in document.programme.cases}
    assert {first, first - timedelta(days=1)} <= days
    assert last is None or {last, last + timedelta(days=1)} <= days


def test_chengdu_names_every_measure_of_its_policy():
    programme = rules.load(CHENGDU).programme
    assert [clause.id for clause in programme.clauses] == [
        "general", "project-national", "project-provincial", "dispatch-platform", "large-centre", "talent",
    ]  # fmt: skip
    assert [supplier.id for supplier in programme.suppliers.named] == ["nscc-chengdu", "chengdu-aicc"]
    assert None not in (programme.reserve, programme.settlement, programme.supervision, programme.dispatch)
    assert [tier.id for tier in programme.dispatch.tiers] == ["city", "metro", "chengyu", "national"]
    assert len(programme.others) == 4
    year = programme.caps["year"]
    assert (year.amount.value, year.measures, year.per) == (1_000_000_000, "issued", "calendar_year")
    assert all(parameter.unpublished for parameter in programme.parameters.values())

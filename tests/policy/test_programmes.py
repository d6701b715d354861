"""Every programme document decides its own worked cases as it says."""

import pytest

from jiaozi.policy import rules

from .documents import CHENGDU, PROGRAMMES

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

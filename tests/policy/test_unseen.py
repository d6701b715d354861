"""Cities that the project never saw, written by the reference alone: each decides its cases to the fen.

The three documents are made up for this test. Between them they say every kind of rule that the reference lists, so
that a piece of the vocabulary that goes missing is missed here.
"""

from datetime import date

import pytest

from jiaozi.policy import rules

from .documents import UNSEEN

DOCUMENTS = {path.stem: rules.load(path.read_text(encoding="utf-8")) for path in UNSEEN}
RUNS = [(name, document, run) for name, document in DOCUMENTS.items() for run in rules.run_cases(document)]
IDS = [f"{name}-{run.title}" for name, _, run in RUNS]


@pytest.mark.parametrize("run", [run for _, _, run in RUNS], ids=IDS)
def test_case_of_a_city_that_was_never_seen(run):
    assert run.wrong is None, run.wrong


@pytest.mark.parametrize(("document", "run"), [(document, run) for _, document, run in RUNS if run.decision])
def test_its_decision_replays(document, run):
    assert rules.replay(document, rules.Decision.from_json(run.decision.to_json())) == run.decision


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_explained_clause_by_clause(name, language):
    document = DOCUMENTS[name]
    for clause in document.programme.clauses:
        head, *lines = rules.describe(document, clause.id, language)
        assert head
        assert lines


def test_two_of_them_are_told_apart_in_words():
    changes = rules.compare(DOCUMENTS["jiangwan-2026"], DOCUMENTS["haizhou-2027"])
    assert changes
    assert all(change.in_language("zh") and change.in_language("en") for change in changes)


def test_so_many_in_all_share_one_counter():
    document = DOCUMENTS["jiangwan-2026"]
    facts = document.programme.samples["flagship"]
    decision = rules.decide(
        document, clause_id="flagship", facts=facts, counters={}, on=date(2026, 5, 1), allow_demo=False
    )
    assert decision.once.slot == "once/flagship/programme/jiangwan-2026/2026#1"


def test_later_stages_get_their_terms():
    document = DOCUMENTS["jiangwan-2026"]
    day = date(2026, 3, 1)
    training = rules.order_terms(document, day, allow_demo=False, voucher_class="training")
    inference = rules.order_terms(document, day, allow_demo=False, voucher_class="inference")
    assert (training.validity_months, inference.validity_months) == (6, 12)
    assert training.share > inference.share
    shares = rules.cost_shares(document, 100_01, day, allow_demo=False)
    assert [share.amount_fen for share in shares] == [70_01, 30_00]
    stages = rules.award_stages(document, "flagship", 100_00_01, day, allow_demo=False)
    assert sum(stage.amount_fen for stage in stages) == 100_00_01
    assert rules.notice_days(document, day, allow_demo=False) == 7
    assert rules.notice_days(DOCUMENTS["haizhou-2027"], date(2027, 1, 1), allow_demo=False) == 0

"""What a decision is made of: outcomes, reasons, caps, counters; and what holds for every amount."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.canonical import canonical
from jiaozi.kernel.period import year
from jiaozi.policy import rules
from jiaozi.policy.rules import Outcome, StepKind, Truth

from .documents import CHENGDU, small

ON = date(2023, 6, 1)
PROJECT = {"id": "p-1", "won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "1200万"}
SME = {
    "id": "sme-1", "holder_class": "TECH_SME", "has_uscc": True, "in_incubator": False,
    "registered_in_city": True, "end_users": 0, "dishonest": False,
}  # fmt: skip

amounts = st.integers(0, 10**13)


def chengdu(clause, facts, counters=None, *, on=ON, allow_demo=True):
    document = rules.load(CHENGDU)
    return rules.decide(document, clause_id=clause, facts=facts, counters=counters or {}, on=on, allow_demo=allow_demo)


def decide_small(text, facts, counters=None, clause=None):
    return rules.decide(
        rules.load(text), clause_id=clause, facts=facts, counters=counters or {}, on=ON, allow_demo=False
    )


def codes(decision):
    return [reason.code for reason in decision.reasons]


def test_tree_names_clause_conditions_facts_and_the_cap_that_bound():
    decision = chengdu("project-national", {"project": PROJECT})
    assert (decision.outcome, decision.amount_fen, decision.grants) == (Outcome.GRANTED, 300_000_000, "voucher")
    won, level, _ = decision.clause.conditions
    assert (won.truth, won.facts[0].name, won.facts[0].value) == (Truth.TRUE, "project.won", True)
    assert level.facts[0].shown.zh == "国家级"
    steps = [(step.kind, step.name, step.after_fen, step.binding) for step in decision.clause.steps]
    assert steps == [
        (StepKind.BASE, "project.compute_cost", 1_200_000_000, False),
        (StepKind.RATIO, "", 360_000_000, False),
        (StepKind.CAP, "project_national", 300_000_000, True),
        (StepKind.CAP, "year", 300_000_000, False),
    ]
    assert decision.unpublished == ("effective_from", "project_inside_year")
    assert decision.version == rules.load(CHENGDU).version


def test_caps_say_measure_subject_period_and_limit():
    project, pool = chengdu("project-national", {"project": PROJECT}).caps
    assert (project.measures, project.subject, project.subject_id, project.period) == ("issued", "project", "p-1", None)
    assert (pool.subject, pool.subject_id, pool.period, pool.limit_fen) == (
        "programme",
        "chengdu-2023",
        year(2023),
        1_000_000_000,
    )
    assert pool.key == "year/programme/chengdu-2023/2023"


def test_year_turns_in_shanghai_dates():
    keys = [
        chengdu("project-national", {"project": PROJECT}, on=day).caps[1].key
        for day in (date(2023, 12, 31), date(2024, 1, 1))
    ]
    assert keys == ["year/programme/chengdu-2023/2023", "year/programme/chengdu-2023/2024"]


def test_measured_names_the_counters_that_the_decision_looks_at():
    document = rules.load(CHENGDU)
    facts = {
        "applicant": {"id": "op"},
        "platform": {
            "on_public_compute": True,
            "across_networks": True,
            "across_regions": True,
            "across_industries": True,
            "investment": "100万",
        },
    }
    uses = rules.measured(document, clause_id="dispatch-platform", facts=facts, on=ON, allow_demo=True)
    assert [use.key for use in uses] == ["platform/claim//all", "once/dispatch-platform/holder/op"]


def test_long_subject_has_a_bounded_counter_name():
    decision = chengdu("project-national", {"project": {**PROJECT, "id": "项" * 190}})
    assert len(decision.caps[0].key) < 120
    assert decision.caps[0].subject_id == "项" * 190


def test_unmet_conditions_are_all_named():
    decision = chengdu(
        "general",
        {"applicant": {**SME, "registered_in_city": False, "dishonest": True}, "need": {"compute_cost": "1万"}},
    )
    assert (decision.outcome, decision.amount_fen, decision.caps) == (Outcome.REFUSED, 0, ())
    assert [reason.field for reason in decision.reasons] == ["applicant.registered_in_city", "applicant.dishonest"]
    assert decision.reasons[0].label.zh == "不符合“在成都市注册”（在成都市注册为否）"
    assert decision.reasons[0].clause == "general"


def test_by_hand_never_has_an_amount():
    facts = {
        "centre": {
            "in_tianfu_start_area": True,
            "industry_linked": True,
            "fp16_pflops": "300.0",
            "fixed_assets": "30亿",
        }
    }
    decision = chengdu("large-centre", facts)
    assert (decision.outcome, decision.amount_fen, codes(decision)) == (
        Outcome.BY_HAND,
        None,
        ["RECORDED_DECISION_NEEDED"],
    )


def test_without_demo_every_unpublished_figure_is_named():
    decision = chengdu("talent", {"talent": {"id": "t", "honour": "TURING", "compute_cost": "1万"}}, allow_demo=False)
    assert decision.outcome is Outcome.REFUSED
    assert [reason.field for reason in decision.reasons] == ["parameter.effective_from", "parameter.talent_ratio"]


def test_parameter_without_even_a_demo_value_refuses_in_a_demo():
    text = small(
        parameters="  share: {kind: ratio, zh: 比例, en: share, unpublished: true}",
        ratio="parameter.share",
        cases="  - {clause: one, facts: {need: {cost: 100元}}, on: 2023-06-01, expect: refused}",
    )
    decision = rules.decide(
        rules.load(text), clause_id="one", facts={"need": {"cost": 1}}, counters={}, on=ON, allow_demo=True
    )
    assert codes(decision) == ["PARAMETER_UNPUBLISHED"]
    assert decision.reasons[0].label.zh == "未公布：比例（share），无法决定"


def test_published_parameter_counts_without_demo():
    text = small(
        parameters="  share: {kind: ratio, zh: 比例, en: share, value: 40%, source: {ref: x, grade: A}}",
        ratio="parameter.share",
        cases="  - {clause: one, facts: {need: {cost: 100元}}, on: 2023-06-01, expect: 40元}",
    )
    assert decide_small(text, {"need": {"cost": "100元"}}).amount_fen == 40_00


def test_cap_that_a_parameter_leaves_out_is_not_measured():
    text = small(
        parameters="  inside: {kind: bool, zh: 计入, en: counts, value: false, source: {ref: x, grade: A}}",
        clause_caps="[{cap: claim, counts: parameter.inside}]",
        cases="  - {clause: one, facts: {need: {cost: 10000元}}, on: 2023-06-01, expect: 3000元}",
    )
    assert decide_small(text, {"need": {"cost": "10000元"}}).caps == ()


def test_cap_measured_later_is_handed_on_but_does_not_bound_the_grant():
    text = small(
        caps="  claim: {zh: 上限, en: cap, amount: 10元, measures: redeemed, per: calendar_year, subject: programme}"
    )
    decision = decide_small(text, {"need": {"cost": "100元"}}, {"claim/programme/small/2023": 10_00})
    assert (decision.amount_fen, decision.caps[0].measures, decision.caps[0].left_fen) == (30_00, "redeemed", 0)


@pytest.mark.parametrize(
    ("cost", "outcome", "amount"), [("16666.66元", Outcome.REFUSED, 0), ("16666.67元", Outcome.GRANTED, 500_000)]
)
def test_minimum_is_inclusive(cost, outcome, amount):
    text = small(
        amount="{ratio: 30%, of: need.cost, minimum: 5000元, rounding: DOWN}",
        clause_caps="[]",
        cases="  - {clause: one, facts: {need: {cost: 10000元}}, on: 2023-06-01, expect: refused}",
    )
    decision = decide_small(text, {"need": {"cost": cost}})
    assert (decision.outcome, decision.amount_fen) == (outcome, amount)
    assert codes(decision) == ([] if amount else ["BELOW_MINIMUM"])


def test_fixed_sum_and_rounding_up():
    fixed = small(
        amount="{fixed: 100元}", cases="  - {clause: one, facts: {need: {cost: 1元}}, on: 2023-06-01, expect: 100元}"
    )
    assert decide_small(fixed, {"need": {"cost": 1}}).amount_fen == 100_00
    up = small(amount="{ratio: 30%, of: need.cost, rounding: UP}")
    assert decide_small(up, {"need": {"cost": 101}}).amount_fen == 31


def test_last_day_is_inside():
    text = small(effective="{from: 2023-01-01, to: 2023-12-31}")
    outcomes = [
        rules.decide(rules.load(text), facts={"need": {"cost": 100}}, counters={}, on=day, allow_demo=False).outcome
        for day in (date(2022, 12, 31), date(2023, 1, 1), date(2023, 12, 31), date(2024, 1, 1))
    ]
    assert outcomes == ["REFUSED", "GRANTED", "GRANTED", "REFUSED"]


_TWO = """\
  - id: two
    zh: 二
    en: two
    source: {ref: test, grade: A}
    when:
      - {if: need.ok, zh: 合格, en: ok}
    grants: voucher
    amount: {ratio: 60%, of: need.cost}
"""


def test_several_clauses_give_the_highest_not_the_sum():
    text = small(more_clauses=_TWO, cases="  - {facts: {need: {cost: 100元, ok: true}}, on: 2023-06-01, expect: 60元}")
    decision = decide_small(text, {"need": {"cost": "100元", "ok": True}})
    assert (decision.chosen, decision.amount_fen, [found.amount_fen for found in decision.clauses]) == (
        "two",
        60_00,
        [30_00, 60_00],
    )


def test_unpublished_concurrence_refuses_by_name():
    text = small(
        parameters="  both: {kind: text, zh: 并行, en: concurrence, unpublished: true, demo: highest}",
        together="parameter.both",
        more_clauses=_TWO,
        cases="  - {facts: {need: {cost: 100元, ok: true}}, on: 2023-06-01, expect: 60元}",
    )
    decision = decide_small(text, {"need": {"cost": "100元", "ok": True}})
    assert (codes(decision), decision.reasons[0].field) == (["PARAMETER_UNPUBLISHED"], "parameter.both")


def test_unknown_clause_names_those_there_are():
    with pytest.raises(rules.UnableToDecide, match="no clause none; there is: general, project-national"):
        chengdu("none", {})


def test_counter_that_is_no_count_is_a_mistake():
    with pytest.raises(ValueError, match="year/programme/chengdu-2023/2023"):
        chengdu("project-national", {"project": PROJECT}, {"year/programme/chengdu-2023/2023": -1})


def test_counters_that_do_not_matter_are_not_kept():
    decision = chengdu("project-national", {"project": PROJECT}, {"other": 5, "year/programme/chengdu-2023/2023": 1})
    assert decision.inputs.counters == {"year/programme/chengdu-2023/2023": 1}


def project_of(cost_fen, in_project=0, in_year=0):
    counters = {"project_national/project/p-1/all": in_project, "year/programme/chengdu-2023/2023": in_year}
    return chengdu("project-national", {"project": {**PROJECT, "compute_cost": cost_fen}}, counters)


@given(amounts, st.integers(0, 10**9 * 2), st.integers(0, 10**9 * 2))
def test_amount_stays_under_every_cap_and_is_never_negative(cost_fen, in_project, in_year):
    decision = project_of(cost_fen, in_project, in_year)
    assert 0 <= decision.amount_fen <= cost_fen * Fraction(30, 100)
    assert (decision.amount_fen > 0) == (decision.outcome is Outcome.GRANTED)
    for use in decision.caps:
        assert decision.amount_fen <= use.limit_fen - use.used_before_fen


@given(amounts, amounts, st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_cost_never_gives_less_and_more_used_never_gives_more(one, other, used, more):
    low, high = sorted((one, other))
    assert project_of(low, in_year=used).amount_fen <= project_of(high, in_year=used).amount_fen
    assert project_of(high, in_year=used + more).amount_fen <= project_of(high, in_year=used).amount_fen


facts_of_a_project = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["p-1", "项目"]),
        "won": st.booleans(),
        "level": st.sampled_from(["national", "provincial", "other"]),
        "supplier": st.sampled_from(["nscc-chengdu", "chengdu-aicc", "elsewhere"]),
        "compute_cost": amounts,
    },
)


@given(
    facts_of_a_project,
    st.dictionaries(st.sampled_from(["year/programme/chengdu-2023/2023", "project_national/project/p-1/all"]), amounts),
    st.booleans(),
    st.sampled_from([None, "project-national", "large-centre"]),
)
def test_any_decision_replays_and_comes_back_from_json(project, counters, allow_demo, clause):
    document = rules.load(CHENGDU)
    decision = rules.decide(
        document, clause_id=clause, facts={"project": project}, counters=counters, on=ON, allow_demo=allow_demo
    )
    stored = decision.to_json()
    canonical(stored)  # no float, nothing without a canonical form
    again = rules.Decision.from_json(stored)
    assert again == decision
    assert rules.replay(document, again).to_json() == stored
    assert decision.outcome is Outcome.REFUSED or (project.get("won") and allow_demo)
    assert decision.outcome is not Outcome.REFUSED or decision.reasons

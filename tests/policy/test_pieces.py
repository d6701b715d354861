"""Each piece of the vocabulary by itself, at its borders."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.period import Period
from jiaozi.policy import rules
from jiaozi.policy.rules import Outcome
from jiaozi.policy.rules.spans import counted, part_inside
from jiaozi.policy.rules.words import Days, Misdeed, StepOfLife

from .documents import small

ON = date(2023, 6, 1)
REFUSED = "  - {clause: one, on: 2023-06-01, expect: refused}"


def document(**parts):
    return rules.load(small(**{"clause_caps": "[]", "cases": REFUSED, **parts}))


def decide(facts=None, counters=None, on=ON, clause=None, facts_text=None, **parts):
    need = {"cost": "100元", **(facts or {})}
    parts |= {"facts": facts_text} if facts_text else {}
    return rules.decide(
        document(**parts), clause_id=clause, facts={"need": need}, counters=counters or {}, on=on, allow_demo=True
    )


def amount_of(amount, facts=None, **more):
    return decide(facts, amount=amount, **more)


def codes(decision):
    return [reason.code for reason in decision.reasons]


BANDS = """
      of: need.cost
      bands:
        by: need.cost
        mode: {mode}
        steps:
          - {{to: 10万, ratio: 50%}}
          - {{above: 10万, to: 100万, ratio: 30%}}
          - {{above: 100万, below: 200万, ratio: 10%}}"""


@pytest.mark.parametrize(
    ("cost", "whole", "slices"),
    [
        ("10万", 5_000_000, 5_000_000),
        ("100000.01元", 3_000_000, 5_000_000),
        ("100万", 30_000_000, 32_000_000),
        ("1999999.99元", 19_999_999, 41_999_999),
    ],
)
def test_bands_hold_their_upper_end(cost, whole, slices):
    assert amount_of(BANDS.format(mode="whole"), {"cost": cost}).amount_fen == whole
    assert amount_of(BANDS.format(mode="slices"), {"cost": cost}).amount_fen == slices


AFTER = """{of: need.cost, bands: {by: need.cost, after: need.before, mode: slices, steps: [
        {to: 100元, ratio: 50%}, {above: 100元, ratio: 10%}]}}"""


@pytest.mark.parametrize(
    ("before", "cost", "given"),
    [
        ("0元", "100元", 50_00),
        ("60元", "80元", 24_00),
        ("99.99元", "0.10元", 1),
        ("100元", "100元", 10_00),
        ("1亿", "1元", 10),
    ],
)
def test_slices_begin_where_what_came_before_ends(before, cost, given):
    facts = "  need.cost: {kind: money, zh: 费用, en: cost}\n  need.before: {kind: money, zh: 此前, en: so far}\n"
    facts += "  need.ok: {kind: bool, zh: 合格, en: ok}\n  holder.id: {kind: text, zh: 编号, en: id}"
    loaded = rules.load(small(amount=AFTER, facts=facts, clause_caps="[]", cases=REFUSED))
    stated = {"need": {"cost": cost, "before": before}}
    decision = rules.decide(loaded, facts=stated, counters={}, on=ON, allow_demo=False)
    assert decision.amount_fen == given
    missing = rules.decide(
        loaded, clause_id="one", facts={"need": {"cost": cost}}, counters={}, on=ON, allow_demo=False
    )
    assert codes(missing) == ["FACT_MISSING"]


def test_value_in_no_band_refuses():
    assert codes(amount_of(BANDS.format(mode="whole"), {"cost": "200万"})) == ["OUTSIDE_BANDS"]


def problems_of(**parts):
    with pytest.raises(rules.UnableToReadProgramme) as caught:
        document(**parts)
    return caught.value.problems


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ("[{to: 10万, ratio: 50%}, {from: 10万, ratio: 30%}]", "the bands 1 and 2 overlap"),
        ("[{ratio: 50%, from: 5万}, {to: 10万, ratio: 30%}]", "the bands 1 and 2 overlap"),
        ("[{from: 20万, to: 10万, ratio: 50%}]", "ends before it begins"),
        ("[{above: 10万, to: 10万, ratio: 50%}]", "ends before it begins"),
        ("[{from: 3, ratio: 50%}]", "its bound is a int"),
        ("[{ratio: 50%}]", "one at least"),
        ("[{to: 1万, ratio: 50%, fixed: 1元}]", "either `ratio` or `fixed`"),
        ("[{to: 1万, ratio: 150%}]", "is over 100%"),
    ],
)
def test_wrong_bands_are_named(steps, line):
    problem = problems_of(amount=f"{{of: need.cost, bands: {{by: need.cost, steps: {steps}}}}}")[0]
    assert line in problem.en
    assert problem.path.startswith("clauses[0].amount.bands.steps")
    assert problem.line > 1


MODIFIED = """
      ratio: 30%
      of: need.cost
      modifiers:
        - {if: need.count < 3, zh: 初创, en: young, add: 20%}
        - {if: need.ok, zh: 国产, en: domestic, times: 50%}
      ratio_most: 45%"""


@pytest.mark.parametrize(("count", "ok", "fen"), [(3, False, 3000), (2, False, 4500), (3, True, 1500), (2, True, 2500)])
def test_modifiers_apply_in_turn_and_end_at_the_most(count, ok, fen):
    decision = amount_of(MODIFIED, {"count": count, "ok": ok})
    assert decision.amount_fen == fen
    assert [one.truth == "TRUE" for one in decision.clause.asked] == [count < 3, ok]


def test_modifier_with_a_missing_fact_refuses():
    assert codes(amount_of(MODIFIED, {"count": 3})) == ["FACT_MISSING"]


def test_additions_past_the_whole_need_a_most():
    amount = "{ratio: 60%, of: need.cost, modifiers: [{if: need.ok, zh: 甲, en: a, add: 50%}]}"
    (problem,) = problems_of(amount=amount)
    assert "a ratio over 100%" in problem.en


def test_parts_are_added_and_taken_out():
    facts = "  need.cost: {kind: money, zh: 费用, en: cost}\n  need.more: {kind: money, zh: 另, en: more}\n"
    facts += "  need.net: {kind: money, zh: 网络, en: network}\n  holder.id: {kind: text, zh: 编号, en: id}"
    parts = {"facts_text": facts, "amount": "{ratio: 50%, of: [need.cost, need.more], less: [need.net]}"}
    assert decide({"more": "40元", "net": "20元"}, **parts).amount_fen == 6000
    assert codes(decide({"more": "40元", "net": "140.01元"}, **parts)) == ["BASE_NEGATIVE"]


def test_quantity_in_kind_has_a_price_and_a_most():
    amount = "{quantity: {of: need.size, price: 5.50元, most: 500}}"
    assert amount_of(amount, {"size": "10.5"}).amount_fen == 5775
    decision = amount_of(amount, {"size": "600"})
    assert (decision.amount_fen, decision.clause.steps[0].binding) == (275_000, True)


@pytest.mark.parametrize(
    ("rounding", "cost", "fen"),
    [
        ("{unit: 1元, rule: DOWN}", "99.99元", 2900),
        ("{unit: 1元, rule: HALF_UP}", "98.34元", 3000),
        ("{unit: 1万元, decimals: 2, rule: HALF_UP}", "500元", 20_000),
        ("{unit: 100元, rule: UP}", "1元", 10_000),
    ],
)
def test_rounding_to_a_unit(rounding, cost, fen):
    decision = amount_of(f"{{ratio: 30%, of: need.cost, rounding: {rounding}}}", {"cost": cost})
    assert decision.amount_fen == fen


def test_what_a_cap_leaves_is_cut_to_whole_steps():
    parts = {"amount": "{ratio: 30%, of: need.cost, rounding: {unit: 100元}}", "clause_caps": "[claim]"}
    caps = "  claim: {zh: 上限, en: cap, amount: 250元, measures: issued, per: none, subject: claim}"
    assert decide({"cost": "1万"}, caps=caps, **parts).amount_fen == 20_000


@pytest.mark.parametrize(("cost", "granted"), [("99.99元", False), ("100元", True)])
def test_threshold_is_inside(cost, granted):
    decision = amount_of("{ratio: 30%, of: need.cost, threshold: {of: need.cost, least: 100元}}", {"cost": cost})
    assert (decision.outcome is Outcome.GRANTED) == granted
    assert codes(decision) == ([] if granted else ["BELOW_THRESHOLD"])


PRORATED = """
      ratio: 100%
      of: need.cost
      prorate:
        contract: {{from: need.day, to: need.end}}
        within: {within}
        days: {days}"""
FACTS = """\
  need.cost: {kind: money, zh: 费用, en: cost}
  need.day: {kind: date, zh: 起, en: from}
  need.end: {kind: date, zh: 止, en: to}
  holder.id: {kind: text, zh: 编号, en: id}"""


@pytest.mark.parametrize(
    ("within", "days", "start", "end", "fen"),
    [
        ("{from: 2023-01-01, to: 2023-12-31}", "actual", "2022-12-22", "2023-01-10", 5000),
        ("calendar_year", "actual", "2023-12-31", "2024-01-01", 5000),
        ("calendar_year", "thirty_360", "2022-10-01", "2023-09-30", 7500),
        ("calendar_year", "months", "2022-12-31", "2023-01-01", 5000),
        ("effective", "actual", "2023-03-01", "2023-03-01", 10_000),
    ],
)
def test_proration_counts_days_inside_the_base_period(within, days, start, end, fen):
    amount = PRORATED.format(within=within, days=days)
    assert decide({"day": start, "end": end}, amount=amount, facts_text=FACTS).amount_fen == fen


def test_contract_outside_the_base_period_refuses():
    amount = PRORATED.format(within="calendar_year", days="actual")
    outside = decide({"day": "2022-01-01", "end": "2022-12-31"}, amount=amount, facts_text=FACTS)
    assert codes(outside) == ["OUTSIDE_BASE_PERIOD"]
    backwards = decide({"day": "2023-02-01", "end": "2023-01-01"}, amount=amount, facts_text=FACTS)
    assert codes(backwards) == ["CONTRACT_DATES_WRONG"]


days = st.dates(date(2020, 1, 1), date(2026, 1, 1))


@given(days, days, st.sampled_from([*Days]))
def test_year_by_year_a_contract_is_counted_whole(one, other, way):
    """What falls into each calendar year adds up to the whole contract, by days as they are."""
    contract = Period(min(one, other), date.fromordinal(max(one, other).toordinal() + 1))
    parts = [part_inside(contract, Period(date(y, 1, 1), date(y + 1, 1, 1)), way) for y in range(2020, 2028)]
    assert all(0 <= part <= 1 for part in parts)
    if way is not Days.THIRTY_360 or counted(contract, way):
        assert sum(parts) == 1


SHARE_CAP = "  claim: {zh: 上限, en: cap, share: 20%, of: need.cost, measures: issued, per: none, subject: claim}"


def test_cap_may_be_a_share_of_a_fact():
    assert decide({"cost": "99.99元"}, caps=SHARE_CAP, clause_caps="[claim]").amount_fen == 1999


def test_cap_for_some_only():
    only = "[{cap: claim, only: {if: need.ok, zh: 小, en: small ones}}]"
    caps = "  claim: {zh: 上限, en: cap, amount: 1元, measures: issued, per: none, subject: claim}"
    assert decide({"ok": True}, caps=caps, clause_caps=only).amount_fen == 100
    assert decide({"ok": False}, caps=caps, clause_caps=only).amount_fen == 3000
    assert codes(decide({}, caps=caps, clause_caps=only)) == ["FACT_MISSING"]


@pytest.mark.parametrize(
    ("per", "name"),
    [
        ("calendar_quarter", "2023-04-01..2023-06-30"),
        ("fiscal_year", "2023-04-01..2024-03-31"),
        ("calendar_month", "2023-06"),
    ],
)
def test_periods_of_caps(per, name):
    caps = f"  claim: {{zh: 上限, en: cap, amount: 1元, measures: issued, per: {per}, subject: programme}}"
    text = small("fiscal_year_month: 4", caps=caps, cases=REFUSED)
    decision = rules.decide(rules.load(text), facts={"need": {"cost": 1000}}, counters={}, on=ON, allow_demo=True)
    assert decision.caps[0].key == f"claim/programme/small/{name}"


def test_one_grant_a_year_across_the_programme():
    clause = "    once: {subject: holder, per: calendar_year, across: programme}\n"
    loaded = document(clause=clause)
    facts = {"need": {"cost": "1元"}, "holder": {"id": "h"}}
    first = rules.decide(loaded, facts=facts, counters={}, on=ON, allow_demo=True)
    assert first.once.key == "once/*/holder/h/2023"
    again = rules.decide(loaded, facts=facts, counters={first.once.key: 1}, on=ON, allow_demo=True)
    assert codes(again) == ["ALREADY_GRANTED"]


def test_at_most_so_many_grants_a_year():
    loaded = document(clause="    once: {subject: holder, per: calendar_year, most: 2}\n")
    facts = {"need": {"cost": "1元"}, "holder": {"id": "h"}}
    found = [
        rules.decide(loaded, facts=facts, counters={"once/one/holder/h/2023": used}, on=ON, allow_demo=True)
        for used in range(3)
    ]
    assert [one.once.slot if one.once else codes(one) for one in found] == [
        "once/one/holder/h/2023#1", "once/one/holder/h/2023#2", ["ALREADY_GRANTED"],
    ]  # fmt: skip
    assert rules.replay(loaded, rules.Decision.from_json(found[1].to_json())) == found[1]
    with pytest.raises(rules.UnableToReadProgramme, match="at least 1"):
        document(clause="    once: {subject: holder, most: 0}\n")


TWO = """\
  - id: two
    zh: 二
    en: two
    source: {ref: test, grade: A}
    when: [{if: need.ok, zh: 合格, en: ok}]
    grants: voucher
    amount: {ratio: 60%, of: need.cost}
    caps: [claim]
  - id: three
    zh: 三
    en: three
    source: {ref: test, grade: A}
    when: [{if: need.ok, zh: 合格, en: ok}, {if: need.count > 0, zh: 有数目, en: some}]
    grants: award
    amount: {fixed: 7元}
"""
POOL = "  claim: {zh: 总额, en: pool, amount: 80元, measures: issued, per: calendar_year, subject: programme}"


def several(rule, *, cost="100元", more="", used=0, clause=None):
    text = small(more_clauses=TWO, caps=POOL, together=f"{rule}{more}", cases=REFUSED)
    counters = {"claim/programme/small/2023": used}
    facts = {"need": {"cost": cost, "ok": True, "count": 1}}
    return rules.decide(rules.load(text), clause_id=clause, facts=facts, counters=counters, on=ON, allow_demo=True)


def test_sum_shares_the_pool_and_names_its_pieces():
    decision = several("sum")
    assert [(piece.clause, piece.amount_fen) for piece in decision.pieces] == [
        ("one", 3000),
        ("two", 5000),
        ("three", 700),
    ]
    assert (decision.amount_fen, decision.chosen) == (8700, "two")
    assert rules.replay(several_document("sum"), rules.Decision.from_json(decision.to_json())) == decision


def several_document(rule):
    return rules.load(small(more_clauses=TWO, caps=POOL, together=rule, cases=REFUSED))


@pytest.mark.parametrize(
    ("more", "total"),
    [
        (", ceiling: {zh: 封顶, en: ceiling, amount: 50元}", 5000),
        (", ceiling: {zh: 封顶, en: ceiling, share: 40%, of: need.cost}", 4000),
        (", ceiling: {zh: 封顶, en: ceiling, amount: 120元, besides: need.cost}", 2000),
    ],
)
def test_sum_up_to_a_ceiling_own_or_with_other_support(more, total):
    decision = several("sum", more=more)
    assert decision.amount_fen == total
    assert decision.steps[-1].binding


def test_ceiling_used_up_by_others_refuses():
    decision = several("sum", more=", ceiling: {zh: 封顶, en: ceiling, amount: 100元, besides: need.cost}")
    assert codes(decision) == ["CEILING_REACHED"]


def test_exclusive_asks_for_one_by_name():
    assert codes(several("exclusive")) == ["EXCLUSIVE"]
    assert several("exclusive", clause="two").amount_fen == 6000


def test_group_settles_among_itself_first():
    more = ", groups: [{id: ratios, clauses: [one, two], rule: highest}]"
    decision = several("sum", more=more)
    assert {piece.clause: piece.amount_fen for piece in decision.pieces} == {"two": 6000, "three": 700}


@given(st.integers(0, 10**12), st.integers(0, 9000), st.sampled_from(["highest", "sum"]))
def test_together_never_passes_a_shared_cap(cost, used, rule):
    decision = several(rule, cost=cost, used=used)
    given_fen = {piece.clause: piece.amount_fen for piece in decision.pieces} or {decision.chosen: decision.amount_fen}
    assert sum(fen for clause, fen in given_fen.items() if clause in ("one", "two")) <= max(0, 8000 - used)


SAME = """\
  - id: two
    zh: 二
    en: two
    source: {ref: test, grade: A}
    when: [{if: need.cost > 0u, zh: 有费用, en: it costs something}]
    grants: voucher
    amount: {ratio: 20%, of: need.cost}
"""


def test_clause_that_another_always_outdoes_is_named():
    (problem,) = problems_of(more_clauses=SAME)
    assert (problem.path, "is shadowed by one" in problem.en) == ("clauses[1]", True)
    (problem,) = problems_of(more_clauses=SAME.replace("20%", "30%"))
    assert "shadowed" in problem.en
    assert document(more_clauses=SAME, together="sum")
    (problem,) = problems_of(more_clauses=SAME, together="exclusive")
    assert "exclude each other" in problem.en


@given(st.integers(0, 10**15), st.lists(st.integers(1, 1000), min_size=1, max_size=9))
def test_split_adds_up_to_the_fen(total, weights):
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    parts = rules.split(total, shares)
    assert sum(parts) == total
    assert all(abs(part - total * share) < 1 for part, share in zip(parts, shares, strict=True))


SECTIONS = """
settlement:
  zh: 结算
  en: settlement
  interval: quarterly
  shares: [{id: city, zh: 市, en: city, share: 70%}, {id: county, zh: 县, en: county, share: 30%}]
  source: {ref: test, grade: A}
penalties:
  grounds: [{id: fraud, zh: 骗取, en: fraud}]
  recover: 100%
  fines: [{for: fraud, from: 10%, to: 50%}, {for: misuse, from: 10%, to: 30%}]
  barred_years: 3
  source: {ref: 财政违法行为处罚处分条例第十四条, grade: A}
related: {by: [shareholding], stake: 25%, depth: 2, source: {ref: test, grade: A}}
administration: {outside_pool: true, source: {ref: test, grade: A}}
evidence:
  - {id: invoice, zh: 发票, en: invoice, at: redeem, formats: [pdf]}
  - {id: lease, zh: 租约, en: lease, at: redeem, only: {if: need.ok, zh: 有, en: ok}}
"""


def test_sections_answer_what_later_stages_ask():
    loaded = rules.load(small(SECTIONS))
    shares = rules.cost_shares(loaded, 10_01, ON, allow_demo=False)
    assert [(share.id, share.amount_fen) for share in shares] == [("city", 701), ("county", 300)]
    due = rules.penalty(loaded, Misdeed.FRAUD, 1000, Fraction(1, 2), ON, allow_demo=False)
    assert (due.recover_fen, due.fine_fen, due.barred_years) == (1000, 500, 3)
    with pytest.raises(rules.UnableToDecide, match="must lie in 10%–30%"):
        rules.penalty(loaded, Misdeed.MISUSE, 1000, Fraction(31, 100), ON, allow_demo=False)
    with pytest.raises(rules.UnableToDecide, match="not paid from the pool"):
        rules.check_administration(loaded, 1, 100, ON, allow_demo=False)
    assert rules.relation_terms(loaded, ON, allow_demo=False).stake == Fraction(1, 4)
    papers = [
        [paper.id for paper in rules.papers_due(loaded, "one", StepOfLife.REDEEM, facts, ON, allow_demo=False)]
        for facts in ({"need": {"ok": False}}, {"need": {"ok": True}}, {})
    ]
    assert papers == [["invoice"], ["invoice", "lease"], ["invoice", "lease"]]


@pytest.mark.parametrize(
    ("wrong", "right", "line"),
    [
        ("share: 30%", "share: 29%", "the shares make 99%"),
        ("from: 10%, to: 50%", "from: 60%, to: 50%", "ends before it begins"),
        ("by: [shareholding]", "by: [friendship]", "is none of: shareholding"),
    ],
)
def test_wrong_sections_are_named(wrong, right, line):
    with pytest.raises(rules.UnableToReadProgramme) as caught:
        rules.load(small(SECTIONS.replace(wrong, right)))
    assert line in caught.value.problems[0].en


def test_window_holds_both_its_days():
    extra = "process: {class: ordinary, windows: [{from: 2023-03-01, to: 2023-03-31}], source: {ref: x, grade: A}}"
    loaded = rules.load(small(extra, cases=REFUSED))
    days = [date(2023, 2, 28), date(2023, 3, 1), date(2023, 3, 31), date(2023, 4, 1)]
    decisions = [
        rules.decide(loaded, facts={"need": {"cost": 100}}, counters={}, on=day, allow_demo=False) for day in days
    ]
    assert [codes(one) for one in decisions] == [["OUTSIDE_WINDOW"], [], [], ["OUTSIDE_WINDOW"]]


def test_award_is_paid_in_stages_that_add_up():
    stages = (
        "    stages: [{id: award, zh: 获批, en: award, share: 50%}, {id: report, zh: 报告, en: report, share: 50%}]\n"
    )
    loaded = document(grants="award", clause=stages)
    parts = rules.award_stages(loaded, "one", 101, ON, allow_demo=False)
    assert [(part.id, part.amount_fen) for part in parts] == [("award", 51), ("report", 50)]


def test_class_has_terms_and_a_pool_of_its_own():
    classes = "classes:\n  model: {zh: 模型券, en: model, order_share: 25%, caps: [claim]}\n"
    loaded = rules.load(small(classes, clause="    class: model\n", clause_caps="[]"))
    terms = rules.order_terms(loaded, ON, allow_demo=False, voucher_class="model")
    assert (terms.share, terms.validity_months) == (Fraction(1, 4), 12)
    decision = rules.decide(loaded, facts={"need": {"cost": "1万"}}, counters={}, on=ON, allow_demo=False)
    assert (decision.amount_fen, decision.clause.voucher_class) == (50_000, "model")
    with pytest.raises(rules.UnableToDecide, match="no voucher class corpus; there is: model"):
        rules.order_terms(loaded, ON, allow_demo=False, voucher_class="corpus")


def test_cap_without_a_measure_says_which_there_are():
    (problem,) = problems_of(caps="  claim: {zh: 上限, en: cap, amount: 1元, per: none, subject: claim}")
    assert (problem.path, problem.en) == (
        "caps.claim",
        "`measures` is missing; write one of: issued, held, used, redeemed, paid",
    )


@pytest.mark.parametrize(("minimum", "given"), [("50元", [3000, 5000]), ("50.01元", [3000])])
def test_what_shared_caps_leave_meets_the_minimum_once_more(minimum, given):
    clauses = TWO.replace("of: need.cost}", f"of: need.cost, minimum: {minimum}}}")
    text = small(more_clauses=clauses, caps=POOL, together="sum", cases=REFUSED)
    facts = {"need": {"cost": "100元", "ok": True}}
    decision = rules.decide(rules.load(text), facts=facts, counters={}, on=ON, allow_demo=True)
    assert sum(given) == decision.amount_fen
    assert any(step.kind == "MINIMUM" and step.binding for step in decision.steps) == (len(given) == 1)

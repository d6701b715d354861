"""The columns decide what ``decide`` decides, to the fen and clause by clause, on random facts over every programme."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaozi.policy import rules
from jiaozi.policy.rules import many
from jiaozi.policy.rules.figures import read_money
from jiaozi.policy.rules.many.counting import once_name
from jiaozi.policy.rules.many.deciding import _name_of as name_of
from jiaozi.policy.rules.words import Kind

from .answers import check, table_of
from .documents import PROGRAMMES, UNSEEN, small

ON = date(2023, 6, 1)
RICH = {
    "all kinds of arithmetic": small(
        facts="""\
  need.cost: {kind: money, zh: 费用, en: cost}
  need.other: {kind: money, zh: 其他, en: other}
  need.count: {kind: int, least: 0, zh: 数目, en: count}
  need.hours: {kind: decimal, least: 0, zh: 卡时, en: hours}
  need.from: {kind: date, zh: 起, en: from}
  need.to: {kind: date, zh: 止, en: to}
  need.level: {kind: enum, zh: 级别, en: level, values: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}}
  need.tags: {kind: list, zh: 标签, en: tags}
  holder.id: {kind: text, zh: 编号, en: id}""",
        parameters="""\
  hidden: {kind: ratio, zh: 未公布, en: hidden, unpublished: true, demo: 12.345678%}
  nothing: {kind: money, zh: 未公布, en: nothing, unpublished: true}
  place: {kind: text, zh: 处, en: place, unpublished: true, demo: a}""",
        caps="""\
  claim: {zh: 单笔, en: per claim, share: 33.3333%, of: need.cost, measures: issued, per: none, subject: claim}
  year: {zh: 年度, en: year, amount: 3万, measures: issued, per: fiscal_year, subject: programme}
  holder: {zh: 主体, en: holder, amount: 1万, measures: issued, per: calendar_quarter, subject: holder}
  month: {zh: 月, en: month, amount: 5千, besides: need.other, measures: issued, per: calendar_month, subject: holder}
  later: {zh: 兑付, en: later, amount: 1元, measures: redeemed, per: programme, subject: holder}""".replace(
            "5千", "5000元"
        ),
        when="""\
      - {if: "need.count > 0 && (need.count * 7 - 3) % 5 != 2", zh: 数, en: count}
      - {if: "need.level == parameter.place || ('x' in need.tags && need.count * 2 < 9)", zh: 级, en: level}
      - {if: "need.count == 0 ? false : 100 / need.count >= 2", zh: 商, en: quotient}""",
        amount="{ratio: 30%, of: [need.cost, need.other], rounding: {unit: 1元, decimals: 1, rule: UP}}",
        clause_caps="[claim, later, {cap: holder, only: {if: \"'y' in need.tags\", zh: 签, en: tag}}, year]",
        together="sum",
        more_clauses="""\
  - id: banded
    zh: 档
    en: banded
    source: {ref: test, grade: A}
    when: [{if: size(need.tags) >= 1, zh: 有, en: some}]
    grants: voucher
    amount:
      of: need.cost
      less: need.other
      minimum: 100元
      bands:
        by: need.hours
        steps: [{to: 10, ratio: 50%}, {above: 10, below: 100.5, ratio: parameter.hidden}, {from: 100.5, ratio: 1%}]
      modifiers:
        - {if: need.count > 3, zh: 多, en: many, add: 20%}
        - {if: "need.level in ['b']", zh: 乙, en: B, times: 33%}
        - {if: "'z' in need.tags", zh: 丙, en: C, take: 40%}
      ratio_most: 60%
      rounding: HALF_UP
    caps: [year, month]
    once: {subject: holder, per: calendar_year, most: 2}
  - id: fixed-bands
    zh: 定
    en: fixed
    source: {ref: test, grade: A}
    when: [{if: "need.level != 'a'", zh: 非甲, en: not A}]
    grants: voucher
    amount:
      of: need.cost
      bands: {by: need.count, steps: [{to: 2, ratio: 40%}, {from: 4, below: 9, fixed: 77.77元}]}
    caps: [holder]
  - id: prorated
    zh: 折
    en: prorated
    source: {ref: test, grade: A}
    when: [{if: "need.from <= need.to && need.to < months(on, 24)", zh: 期, en: dates}]
    grants: voucher
    amount:
      ratio: 100%
      quantity: {of: need.hours, price: 0.07元, most: 90000}
      prorate: {contract: {from: need.from, to: need.to}, within: calendar_year, days: months}
      threshold: {of: need.cost, least: 50元}
    caps: [year]
    once: {subject: holder, across: programme}
  - id: sliced
    zh: 段
    en: sliced
    source: {ref: test, grade: A}
    when: [{if: need.other > 0u, zh: 有, en: some}]
    grants: award
    amount:
      of: need.other
      bands: {by: need.other, mode: slices, steps: [{from: 0元, to: 100元, ratio: 99%}, {above: 100元, ratio: 1%}]}
    caps: [holder]
    once: {subject: holder, across: programme}
  - id: days
    zh: 日
    en: days
    source: {ref: test, grade: A}
    when: [{if: need.cost >= need.other, zh: 不低, en: no less}]
    grants: voucher
    amount:
      ratio: 0.000001%
      of: need.cost
      prorate: {contract: {from: need.from, to: need.to}, within: {from: 2023-02-01, to: 2023-12-30}, days: thirty_360}
  - id: by-hand
    zh: 手
    en: by hand
    source: {ref: test, grade: A}
    when: [{if: need.cost > yuan('2万'), zh: 大, en: large}]
    grants: award
    decided: by_hand""",
        cases="  - {clause: one, on: 2023-06-01, expect: refused}",
    ),
}
RICH["highest, under a ceiling"] = RICH["all kinds of arithmetic"].replace(
    "together: {rule: sum}",
    "together: {rule: highest, ceiling: {zh: 封顶, en: ceiling, share: 31.5%, of: need.cost, besides: need.other}}",
)
RICH["sum, under a ceiling"] = RICH["highest, under a ceiling"].replace("rule: highest", "rule: sum")
RICH["exclusive"] = RICH["all kinds of arithmetic"].replace("rule: sum", "rule: exclusive")
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (*PROGRAMMES, *UNSEEN)} | RICH


@cache
def document(name: str) -> rules.Document:
    return rules.load(TEXTS[name])


def _values(name: str, group: str, field: str) -> list[Any]:
    """Give what the document's own samples and cases say of a fact: its borders are there."""
    programme = document(name).programme
    facts = [*programme.samples.values(), *(case.facts for case in programme.cases)]
    found = [one[group][field] for one in facts if isinstance(one.get(group), dict) and field in one[group]]
    return [*{repr(value): value for value in found if value is not None}.values()]


MONEY = st.one_of(st.sampled_from([0, 1, 9_999, 10_000, 10_001]), st.integers(0, 10**8), st.integers(0, 2**53 - 1))
SUPPLIERS = ["nscc-chengdu", "chengdu-aicc", "elsewhere"]
WORDS = ["compute", "storage", "network", "model", "x", "y", "z"]


@cache
def _fact(name: str, fact_name: str) -> st.SearchStrategy[Any]:
    fact = document(name).programme.facts[fact_name]
    known = _values(name, *fact_name.split("."))
    days = st.dates(date(2020, 1, 1), date(2027, 12, 31)).map(date.isoformat)
    other = {
        Kind.BOOL: st.booleans(),
        Kind.INT: st.one_of(st.integers(fact.least or 0, 6), st.integers(fact.least or 0, 10**6)),
        Kind.MONEY: MONEY,
        Kind.DECIMAL: st.one_of(
            st.sampled_from(["0", "10", "10.000001", "100.499999", "100.5", "299.999999", "300"]),
            st.decimals(0, 10**6, places=3).map(str),
        ),
        Kind.DATE: days,
        Kind.TEXT: st.sampled_from(["h-1", "h-2", "h-3", *SUPPLIERS]),
        Kind.ENUM: st.sampled_from(sorted(fact.values) or [""]),
        Kind.LIST: st.lists(st.sampled_from(WORDS), max_size=3, unique=True),
        Kind.DATES: st.lists(days, max_size=2),
    }[fact.kind]
    likely = [st.sampled_from(known)] * 3 if known else []
    return st.one_of(*likely, other)


@st.composite
def _row(draw: st.DrawFn, name: str) -> tuple[date, dict[str, Any]]:
    programme = document(name).programme
    samples = [*programme.samples.values()]
    base = draw(st.sampled_from([*samples, *samples, {}]))
    facts: dict[str, dict[str, Any]] = {group: dict(inner) for group, inner in base.items()}
    changes = draw(st.sets(st.sampled_from(sorted(programme.facts)), max_size=4 if base else len(programme.facts)))
    for fact_name in sorted(changes if base else set(programme.facts) - changes):
        group, field = fact_name.split(".")
        inner = facts.setdefault(group, {})
        if base and draw(st.integers(0, 4)) == 0:
            inner.pop(field, None)
        else:
            inner[field] = draw(_fact(name, fact_name))
    borders = [case.on for case in programme.cases]
    on = draw(
        st.one_of(st.sampled_from(borders), st.sampled_from(borders), st.dates(date(2022, 1, 1), date(2027, 1, 1)))
    )
    return on, facts


@st.composite
def _asked(draw: st.DrawFn, name: str):
    rows = draw(st.lists(_row(name), min_size=1, max_size=8))
    programme = document(name).programme
    limits = [
        fen
        for cap in programme.caps.values()
        if cap.amount and (fen := cap.amount.value or _demo(programme, cap.amount.parameter))
    ]
    count = st.one_of(
        st.just(0), st.sampled_from([max(0, one + by) for one in limits or [0] for by in (-1, 0, 1, -10_000)]), MONEY
    )
    used = [{one: draw(count) for one in programme.caps} for _row_ in rows]
    counters = [once_name(one.id, one.once, programme.fiscal_year_month) for one in programme.clauses if one.once]
    for row in used:
        row.update({one: draw(st.integers(0, 2)) for one in counters})
    clause = draw(st.sampled_from([None, None, *(one.id for one in programme.clauses)]))
    return rows, used, clause


def _demo(programme, parameter: str) -> int:
    raw = programme.parameters[parameter]
    return read_money(raw.demo or raw.value or "0")


@pytest.mark.parametrize("name", sorted(TEXTS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_columns_decide_as_decide_does(name, data):
    rows, used, clause = data.draw(_asked(name))
    check(document(name), rows, used, allow_demo=data.draw(st.sampled_from([True, True, False])), clause=clause)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_worked_case_comes_out_on_columns(name):
    """The cases stand on the borders: the inclusive bound, one fen over, the day before. None needs the slow path."""
    asked = document(name)
    for run in rules.run_cases(asked):
        if run.decision is None:  # facts that contradict each other have no inputs to decide again
            continue
        made_from = run.decision.inputs
        uses = {use.key: use for one in run.decision.clauses for use in (*one.caps, one.once) if use}
        used = {name_of(asked, uses[key], made_from.on): count for key, count in made_from.counters.items()}
        rows = [(made_from.on, made_from.facts)]
        made = check(asked, rows, [used], allow_demo=made_from.allow_demo, clause=made_from.clause)
        assert made.slow == 0


BORDERS = """\
  need.cost: {kind: money, zh: 费用, en: cost}
  need.ok: {kind: bool, zh: 合格, en: ok}
  need.count: {kind: int, least: 0, zh: 数目, en: count}
  need.size: {kind: decimal, zh: 规模, en: size}
  holder.id: {kind: text, zh: 编号, en: id}"""


@pytest.mark.parametrize(
    ("amount", "rows"),
    [
        ("{ratio: 50%, of: need.cost, rounding: HALF_UP}", [1, 2, 3]),
        ("{ratio: 33%, of: need.cost, rounding: UP}", [100, 101, 103]),
        ("{ratio: 10%, of: need.cost, minimum: 1元}", [999, 1_000, 1_009]),
        ("{ratio: 10%, of: need.cost, threshold: {of: need.cost, least: 5元}}", [499, 500, 501]),
        ("{of: need.cost, bands: {by: need.cost, steps: [{to: 9元, ratio: 9%}, {above: 9元, below: 20元, ratio: 1%}]}}",
         [899, 900, 901, 1_999, 2_000, 2_001]),
        ("{of: need.cost, bands: {by: need.count, steps: [{to: 4, ratio: 9%}, {above: 4, fixed: 7元}]}}", [500]),
        ("{of: need.cost, bands: {by: need.size, steps: [{below: 2.5, ratio: 9%}, {from: 2.5, fixed: 7元}]}}", [500]),
        ("{ratio: 100%, of: need.cost, rounding: {unit: 3元, rule: HALF_UP}}", [149, 150, 449, 450]),
    ],
)  # fmt: skip
def test_borders_are_on_the_same_side(amount, rows):
    asked = rules.load(small(facts=BORDERS, amount=amount, when="      - {if: need.ok, zh: 合格, en: ok}"))
    facts = [
        (ON, {"need": {"cost": cost, "ok": True, "count": count, "size": size}})
        for cost in rows
        for count, size in ((1, "2.4"), (2, "2.499999"), (4, "2.5"), (5, "2.500001"))
    ]
    made = check(asked, facts, [{} for _ in facts])
    assert made.slow == 0


def test_what_overflows_64_bits_is_decided_one_by_one():
    made = check(document("all kinds of arithmetic"), [(ON, {"need": {"cost": 2**53 - 1, "other": 1}})], [{}])
    assert made.slow == 0
    tight = rules.load(small(when="      - {if: need.count * need.count > 5, zh: 方, en: square}", clause_caps="[]"))
    rows = [(ON, {"need": {"cost": 100, "count": count}}) for count in (2, 3, 2**40)]
    made = check(tight, rows, [{}] * 3)
    assert made.slow == 1


def test_an_operator_that_is_not_known_on_columns_goes_to_cel():
    strange = rules.load(small(when="      - {if: \"need.tags.all(t, t != 'x')\", zh: 全, en: all}", clause_caps="[]"))
    rows = [(ON, {"need": {"cost": 100, "tags": tags}}) for tags in ([], ["x"], ["y"])]
    made = check(strange, rows, [{}] * 3)
    assert made.slow == 3


def test_some_rows_alone_are_decided_like_all():
    facts = {
        "other": 100,
        "count": 4,
        "level": "a",
        "hours": "20",
        "tags": ["y"],
        "from": "2023-01-01",
        "to": "2023-09-01",
    }
    rows = [(ON + timedelta(days=n), {"need": {"cost": 90_000 * n, **facts}, "holder": {"id": "h"}}) for n in range(9)]
    asked = document("sum, under a ceiling")
    made = many.weigh(asked, table_of(asked, rows), allow_demo=True)
    whole, part = made.decide(), made.decide(None, 3, 7)
    assert np.array_equal(part.chosen.amount_fen, whole.chosen.amount_fen[3:7])
    assert np.array_equal(part.alone[1].reason, whole.alone[1].reason[3:7])
    assert whole.chosen.amount_fen.any()
    assert (whole.chosen.pieces_fen > 0).sum(axis=0).max() > 1
    assert made.slow == 0


@pytest.mark.parametrize("days", ["actual", "thirty_360", "months"])
@pytest.mark.parametrize("within", ["calendar_year", "effective", "{from: 2023-02-10, to: 2023-10-31}"])
def test_contracts_are_prorated_alike(days, within):
    facts = """\
  need.cost: {kind: money, zh: 费用, en: cost}
  need.from: {kind: date, zh: 起, en: from}
  need.to: {kind: date, zh: 止, en: to}
  holder.id: {kind: text, zh: 编号, en: id}"""
    prorate = f"{{contract: {{from: need.from, to: need.to}}, within: {within}, days: {days}}}"
    amount = f"{{ratio: 50%, of: need.cost, prorate: {prorate}}}"
    when = "      - {if: need.cost > 0u, zh: 有, en: some}"
    asked = rules.load(small(facts=facts, amount=amount, when=when, clause_caps="[]", effective="{from: 2023-01-31}"))
    ends = [
        "2022-12-31",
        "2023-01-01",
        "2023-01-31",
        "2023-02-28",
        "2023-03-01",
        "2023-10-31",
        "2023-12-31",
        "2024-02-29",
    ]
    rows = [(ON, {"need": {"cost": 1_234_567, "from": one, "to": other}}) for one in ends for other in ends]
    made = check(asked, rows, [{} for _ in rows])
    assert made.slow == 0
    assert len({*made.decide().chosen.amount_fen.tolist()}) > 8


def test_three_clauses_share_one_cap():
    more = "".join(
        f"""\
  - id: {name}
    zh: 款
    en: {name}
    source: {{ref: test, grade: A}}
    when: [{{if: need.count > {at}, zh: 数, en: count}}]
    grants: voucher
    amount: {{ratio: {ratio}, of: need.cost}}
    caps: [year]
"""
        for name, at, ratio in (("two", 1, "50%"), ("three", 2, "70%"))
    )
    year = "  year: {zh: 年度, en: year, amount: 100元, measures: issued, per: calendar_year, subject: programme}"
    asked = rules.load(small(caps=year, clause_caps="[year]", together="sum", more_clauses=more))
    facts = [
        (ON, {"need": {"cost": cost, "count": count}}) for cost in (1_000, 7_000, 12_000, 40_000) for count in (1, 2, 3)
    ]
    for before in (0, 1_000, 6_000, 9_999, 10_000):
        check(asked, facts, [{"year": before}] * len(facts))


def test_a_cap_named_twice_is_for_all_that_either_names():
    many_or_none = ("need.count > 3", "need.count < 1")
    caps = ", ".join(f"{{cap: claim, only: {{if: {test}, zh: 数, en: count}}}}" for test in many_or_none)
    asked = rules.load(small(clause_caps=f"[{caps}]"))
    rows = [(ON, {"need": {"cost": 900_000, "count": count}}) for count in (0, 1, 3, 4)]
    made = check(asked, rows, [{}] * 4)
    assert made.decide().chosen.amount_fen.tolist() == [50_000, 270_000, 270_000, 50_000]

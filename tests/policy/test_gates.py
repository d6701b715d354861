"""What every clause is asked beside its own conditions, and how a clause stands outside."""

from datetime import date

import pytest

from jiaozi.policy import rules

from .documents import small

FACTS = """\
  need.cost: {kind: money, zh: 费用, en: cost}
  need.supplier: {kind: text, zh: 供给方, en: supplier}
  need.services: {kind: list, zh: 服务, en: services}
  need.listed: {kind: list, zh: 名单, en: lists}
  need.is_supplier: {kind: bool, zh: 为供给方, en: is a supplier}
  need.other_side: {kind: bool, zh: 对方已申领, en: the other side claimed}
  need.district: {kind: money, zh: 区级支持, en: district support}
  holder.id: {kind: text, zh: 编号, en: id}"""
SECTIONS = """
services:
  in: [{id: compute, zh: 算力, en: compute}, {id: model, zh: 模型, en: model}]
  out: [{id: network, zh: 网络, en: network}]
  fact: need.services
  source: {ref: test, grade: A}
credit: {lists: [{id: dishonest, zh: 失信, en: dishonest}], listed: need.listed, source: {ref: test, grade: A}}
roles:
  supplier_may_claim: false
  both_sides_may_claim: false
  is_supplier: need.is_supplier
  other_side_claimed: need.other_side
  source: {ref: test, grade: A}
other_support:
  - over: government
    level: district
    fact: need.district
    zh: 无区级支持
    en: no district support
    source: {ref: test, grade: A}
"""
SUPPLIERS = """\
suppliers:
  admission: [batch]
  fact: need.supplier
  named:
    - {id: centre-a, zh: 甲, en: A, from: 2023-01-01, to: 2023-12-31, batch: first, services: [compute]}
    - {id: centre-b, zh: 乙, en: B}
  source:"""
GOOD = {
    "cost": "100元", "supplier": "centre-a", "services": ["compute"], "listed": ["other"], "is_supplier": False,
    "other_side": False, "district": 0,
}  # fmt: skip


def document(clause=""):
    text = small(SECTIONS, facts=FACTS, clause=clause, cases="  - {clause: one, on: 2023-06-01, expect: refused}")
    start, end = text.index("suppliers:\n"), text.index(" {ref: test, grade: A}\nsubjects")
    return rules.load(text[:start] + SUPPLIERS + text[end:])


def codes(need, on=date(2023, 6, 1), clause=""):
    decision = rules.decide(document(clause), facts={"need": need}, counters={}, on=on, allow_demo=False)
    return [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"services": ["compute", "network"], "supplier": "centre-b"}, "SERVICE_NOT_ELIGIBLE"),
        ({"services": ["data"], "supplier": "centre-b"}, "SERVICE_NOT_ELIGIBLE"),
        ({"services": ["model"]}, "SUPPLIER_NOT_ADMITTED"),
        ({"services": ["model"], "supplier": "centre-b"}, None),
        ({"supplier": "elsewhere"}, "SUPPLIER_NOT_ADMITTED"),
        ({"listed": ["dishonest"]}, "CREDIT_LISTED"),
        ({"is_supplier": True}, "SUPPLIER_CLAIMS"),
        ({"other_side": True}, "BOTH_SIDES_CLAIM"),
        ({"district": "0.01元"}, "OTHER_SUPPORT"),
    ],
)
def test_gate_refuses_by_its_own_code(change, code):
    assert codes({**GOOD, **change}) == ([code] if code else [])


@pytest.mark.parametrize("name", [name for name in GOOD if name != "cost"])
def test_fact_of_a_gate_that_is_missing_refuses(name):
    assert codes({key: value for key, value in GOOD.items() if key != name}) == ["FACT_MISSING"]


@pytest.mark.parametrize(
    ("on", "code"),
    [(date(2023, 12, 31), []), (date(2024, 1, 1), ["SUPPLIER_NOT_ADMITTED"])],
)
def test_supplier_is_admitted_to_the_last_day_of_its_batch(on, code):
    assert codes(GOOD, on=on) == code


def test_clause_stands_outside_by_name():
    wrong = {**GOOD, "listed": ["dishonest"], "is_supplier": True}
    assert codes(wrong, clause="    without: [credit, roles]\n") == []

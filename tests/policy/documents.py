"""Documents that the tests decide with: the real ones, and a small one whose parts a test replaces."""

from pathlib import Path

PROGRAMMES = sorted((Path(__file__).parents[2] / "programmes").glob("*.yaml"))
UNSEEN = sorted((Path(__file__).parent / "unseen").glob("*.yaml"))
CHENGDU = next(path for path in PROGRAMMES if path.name == "chengdu-2023.yaml").read_text(encoding="utf-8")

_PARTS = {
    "effective": "{from: 2023-01-01}",
    "parameters": "  none: {kind: text, zh: 无, en: none, unpublished: true}",
    "facts": """\
  need.cost: {kind: money, zh: 费用, en: cost}
  need.ok: {kind: bool, zh: 合格, en: ok}
  need.count: {kind: int, least: 0, zh: 数目, en: count}
  need.size: {kind: decimal, zh: 规模, en: size}
  need.day: {kind: date, zh: 日期, en: day}
  need.level: {kind: enum, zh: 级别, en: level, values: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}}
  need.tags: {kind: list, zh: 标签, en: tags}
  need.name: {kind: text, zh: 名称, en: name}
  holder.id: {kind: text, zh: 编号, en: id}""",
    "consistent": "",
    "caps": "  claim: {zh: 单笔上限, en: cap per claim, amount: 500元, measures: issued, per: none, subject: claim}",
    "when": "      - {if: need.cost > 0u, zh: 有费用, en: it costs something}",
    "ratio": "30%",
    "clause": "",
    "grants": "voucher",
    "clause_caps": "[claim]",
    "more_clauses": "",
    "together": "highest",
    "order_share": "50%",
    "cases": "  - {clause: one, facts: {need: {cost: 100元}}, on: 2023-06-01, expect: 30元}",
}


def small(extra: str = "", **parts: str) -> str:
    """Give the small document with some of its parts replaced and lines added."""
    part = {**_PARTS, **parts}
    amount = part.get("amount", f"{{ratio: {part['ratio']}, of: need.cost, rounding: DOWN}}")
    amount_line = f"    amount: {amount}\n" if amount else ""
    consistent = f"consistent:\n{part['consistent']}\n" if part["consistent"] else ""
    return f"""\
programme: small
title: {{zh: 小, en: small}}
issuer: {{zh: 市, en: city}}
issued: 2023-01-01
status: in_force
effective: {part["effective"]}
source: {{ref: test, grade: A}}
parameters:
{part["parameters"]}
suppliers:
  named:
    - {{id: centre-a, zh: 甲中心, en: centre A}}
  source: {{ref: test, grade: A}}
subjects: {{holder: holder.id}}
facts:
{part["facts"]}
{consistent}caps:
{part["caps"]}
voucher:
  order_share: {part["order_share"]}
  validity_months: 12
  pay_model: deduct_at_order
  expiry: lapsed
  partial_use: true
  transferable: false
  source: {{ref: test, grade: A}}
together: {{rule: {part["together"]}}}
clauses:
  - id: one
    zh: 一
    en: one
    source: {{ref: test, grade: A}}
    when:
{part["when"]}
    grants: {part["grants"]}
{amount_line}    caps: {part["clause_caps"]}
{part["clause"]}{part["more_clauses"]}
cases:
{part["cases"]}
{extra}
"""

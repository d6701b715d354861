"""A small scenario whose parts a test replaces, and the sources that it is played from."""

from __future__ import annotations

from pathlib import Path

from jiaozi.lab import rules

ROOT = Path(__file__).parents[2]
PROGRAMMES = ROOT / "programmes"
SAMPLES = ROOT / "samples" / "lab"
CHENGDU_2025 = (PROGRAMMES / "chengdu-2025.yaml").read_text(encoding="utf-8")

_PARTS = {
    "title": "{zh: 小, en: small}",
    "sizes": "{small: {zh: 小, en: small}, large: {zh: 大, en: large}}",
    "demand": """\
  generated:
    groups:
      - class: firm
        size: small
        holders: 60
        applications: 1.5
        cost: {median: 20万, spread: 3}
        attributes: {served: 80%}
      - class: school
        size: large
        holders: 12
        applications: 3
        cost: {median: 300万, spread: 2}
        attributes: {served: 100%}
    arrivals: {months: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9], rush: {share: 10%, days: 5}}""",
    "use": """\
use:
  never: 10%
  bought: {from: 20%, mode: 90%, to: 120%}
  purchases: 3
  mean_days: 150
  basis: {zh: 假设, en: made up, demo: true}""",
    "change": "{parameters.effective_from.demo: 2025-01-01, caps.year.amount: 800万}",
    "facts": """\
      applicant.id: {column: holder}
      purchase.fee: {column: cost}
      purchase.through_service_organisation: {column: served}
      purchase.supplier: nscc-chengdu""",
    "seeds": "{first: 5, count: 3}",
    "years": "1",
    "document": "chengdu-2025.yaml",
}


def small(**parts: str) -> str:
    """Give the small scenario with some of its parts replaced."""
    part = {**_PARTS, **parts}
    return f"""\
scenario: small
title: {part["title"]}
demo: true
years: {part["years"]}
seeds: {part["seeds"]}
price: {{core_hour: 0.15元, basis: {{zh: 假设, en: made up, demo: true}}}}
classes: {{firm: {{zh: 企业, en: firm}}, school: {{zh: 高校, en: school}}}}
sizes: {part["sizes"]}
demand:
  basis: {{zh: 假设, en: made up, demo: true}}
{part["demand"]}
{part["use"]}
versions:
  - id: one
    zh: 一
    en: one
    document: {part["document"]}
    begin: 2025-01-01
    change: {part["change"]}
    facts:
{part["facts"]}
"""


def sources(read: rules.Read, text: str = CHENGDU_2025) -> rules.Sources:
    """Read the one document."""
    return rules.Sources([text], [rules.changed_document(read, 0, text)])

"""A bad scenario is named with line and column, and with what would be right."""

import pytest

from jiaozi.lab import rules
from jiaozi.lab.rules.facts import lay_out
from jiaozi.lab.rules.running import demand_of

from .scenarios import small, sources


def refused(text: str) -> list[str]:
    def try_it() -> None:
        read = rules.read(text)
        there = sources(read)
        lay_out(read, 0, there.documents[0], demand_of(read, there, 1))

    with pytest.raises(rules.UnableToReadScenario) as caught:
        try_it()
    return [problem.in_language("en") for problem in caught.value.problems]


def place_of(text: str, mark: str, *, key: bool = False) -> str:
    """Find line and column of a value, or of its key, in the text."""
    line = next(n for n, one in enumerate(text.splitlines(), 1) if mark in one)
    column = text.splitlines()[line - 1].index(mark) + 1
    if not key:
        column += mark.index(": ") + 2
    return f"{line}:{column} "


def test_a_good_scenario_is_read():
    read = rules.read(small())
    assert [version.id for version in read.scenario.versions] == ["one"]


MADE_UP = "basis: {zh: 无, en: none, demo: true}"
NOBODY = "  trace: {path: a.swf, class: nobody, asks: {from: 5%, mode: 6%, to: 9%}}"
MANY = "  generated:\n    groups: [{class: firm, size: small, holders: 2000000, applications: 3, cost: {median: 1万}}]"
TWO_BOUNDS = "{small: {zh: 小, en: small, to: 1万}, large: {zh: 大, en: large, to: 9万}}"
WRONG = {
    "no seed": ({"seeds": "{first: 1, count: 0}"}, "count: 0", "must be 1 to 1000"),
    "too many years": ({"years": "11"}, "years: 11", "must be 1 to 10"),
    "a triangle out of order": (
        {"use": f"use: {{bought: {{from: 50%, mode: 20%, to: 90%}}, {MADE_UP}}}"},
        "bought: {",
        "from ≤ mode ≤ to",
    ),
    "a share without its sign": (
        {"use": f"use: {{bought: {{from: 50, mode: 60%, to: 90%}}, {MADE_UP}}}"},
        "from: 50,",
        "no share; write it like 80%",
    ),
    "a basis that is none": (
        {"use": "use: {bought: {from: 5%, mode: 6%, to: 9%}, basis: {zh: 无, en: none}}"},
        "basis: {zh: 无",
        "either `demo: true` or `source`",
    ),
    "a class that is not there": ({"demand": NOBODY}, "class: nobody", "there is no class nobody"),
    "an unknown key": ({"demand": "  basic: 1"}, "basic: 1", "unknown key `basic`; did you mean `basis`?"),
    "a key that is written wrong": (
        {"document": "chengdu-2025.yaml\n    documents: twice"},
        "documents: twice",
        "unknown key `documents`; did you mean `document`?",
    ),
    "a place that is not there": (
        {"change": "{caps.yaer.amount: 800万}"},
        "caps.yaer.amount: ",
        "the document has no such place: caps.yaer.amount",
    ),
    "a change that breaks the document": (
        {"change": "{caps.year.amount: 800}"},
        "caps.year.amount: 800",
        "changed like this the document fails",
    ),
    "an unknown fact": (
        {"facts": "      applicant.name: {column: holder}"},
        "applicant.name: ",
        "the programme declares no such fact",
    ),
    "an unknown column": (
        {"facts": "      applicant.id: {column: owner}"},
        "applicant.id: {",
        "there is no column owner; there is: holder",
    ),
    "a column of another kind": (
        {"facts": "      applicant.id: {column: cost}"},
        "applicant.id: {",
        "the column cost is of kind money, the fact of kind text",
    ),
    "money without its unit": (
        {"facts": "      purchase.fee: 3000"},
        "purchase.fee: ",
        "write a sum in yuan with its unit",
    ),
    "a map with a gap": (
        {"facts": "      purchase.fee: {column: class, map: {firm: 1万}}"},
        "purchase.fee: ",
        "the map lacks school",
    ),
    "more than fits": (
        {"demand": MANY},
        "groups: [",
        "about 6,000,000 applications with 3 purchases each; at most 5,000,000 fit",
    ),
    "sizes that end": ({"sizes": TWO_BOUNDS}, "sizes: ", "a `to` each but the last"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_place(name):
    parts, mark, says = WRONG[name]
    text = small(**parts)
    found = [line for line in refused(text) if says in line]
    assert found, refused(text)
    keyed = "unknown key" in says or ("no such" in says and "class" not in says)
    assert found[0].startswith(place_of(text, mark, key=keyed)), found


def test_a_file_that_is_no_yaml_is_named_with_its_place():
    with pytest.raises(rules.UnableToReadScenario) as caught:
        rules.read("scenario: [unfinished\ntitle: {")
    assert caught.value.problems[0].line >= 1
    assert "no proper YAML" in caught.value.problems[0].en


def test_a_change_reaches_into_a_clause_by_its_id():
    read = rules.read(small(change="{clauses.compute.amount.ratio: 10%, parameters.effective_from.demo: 2025-01-01}"))
    document = sources(read).documents[0]
    assert str(document.clause("compute").amount.ratio.value) == "1/10"

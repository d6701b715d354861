"""Every mistake in a document is named with line, column and what would be right."""

import re
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.policy import rules
from jiaozi.policy.rules import schema, words

from .documents import small


def problems_of(text):
    with pytest.raises(rules.UnableToReadProgramme) as caught:
        rules.load(text)
    assert all("\n" not in problem.en + problem.zh for problem in caught.value.problems)
    return caught.value.problems


def test_small_document_is_fine():
    assert rules.load(small()).slug == "small"


CAP = "  claim: {zh: 上限, en: cap, amount: 500元, measures: issued, per: none, subject: claim}"


@pytest.mark.parametrize(
    ("wrong", "right", "path", "line"),
    [
        # the schema
        ("status: in_force", "status: inforce", "status", "is none of: draft, trial, in_force"),
        ("status: in_force", "status: in_force\nstatuss: x", "statuss", "did you mean `status`?"),
        ("amount: 500元", "amont: 500元", "caps.claim.amont", "did you mean `amount`?"),
        (" measures: issued,", "", "caps.claim", "`measures` is missing"),
        ("measures: issued", "measures: spent", "caps.claim.measures", "is none of: issued, held"),
        ("ratio: 30%", "ratio: 130%", "clauses[0].amount.ratio", "is over 100%"),
        ("ratio: 30%", "ratio: 0.3", "clauses[0].amount.ratio", "write it like 30%"),
        ("ratio: 30%", "ratio: 30", "clauses[0].amount.ratio", "write it like 30%"),
        ("amount: 500元", "amount: 500", "caps.claim.amount", "write 300万 or 5000元"),
        ("amount: 500元", "amount: -500元", "caps.claim.amount", "negative"),
        ("amount: 500元", "amount: 500万亿", "caps.claim.amount", "is no amount"),
        ("issued: 2023-01-01", "issued: 2023-02-30", "issued", "write one that exists"),
        ("{from: 2023-01-01}", "{from: 2023-13-01}", "effective.from", "write one that exists"),
        ("{from: 2023-01-01}", "{from: 2023-01-02, to: 2023-01-01}", "effective.to", "before the first"),
        ("programme: small", "programme: Small Town", "programme", "is no proper name"),
        ("need.cost: {", "cost: {", "facts.cost", "is no proper name"),
        ("per: none, subject: claim", "per: calendar_year, subject: claim", "caps.claim", "belong together"),
        ("per: none, subject: claim", "per: none, subject: holder", "caps.claim", "belong together"),
        ("    amount: {ratio: 30%, of: need.cost, rounding: DOWN}\n", "", "clauses[0]", "needs `amount`"),
        ("ratio: 30%, of: need.cost", "ratio: 30%", "clauses[0].amount", "either `ratio` and `of`, or `fixed`"),
        ("ratio: 30%,", "ratio: 30%, fixed: 1元,", "clauses[0].amount", "either `ratio` and `of`, or `fixed`"),
        ("unpublished: true", "unpublished: true, value: x", "parameters.none", "either `unpublished: true`"),
        ("unpublished: true", "value: x", "parameters.none", "needs `source`"),
        ("kind: text, zh: 无", "kind: enum, zh: 无", "parameters.none", "a parameter's kind is one of"),
        ("unpublished: true", "unpublished: true, demo: 7", "parameters.none", "is no text"),
        ("kind: bool, zh: 合格", "kind: enum, zh: 合格", "facts.need.ok", "an enum needs it"),
        ("kind: bool, zh: 合格", "kind: ratio, zh: 合格", "facts.need.ok", "declare it as decimal"),
        ("zh: 小,", "", "title", "`zh` is missing"),
        ("expect: 30元", "expect: 30", "cases[0].expect", "write 300万 or 5000元"),
        ("cases:\n", "cases: x\nfoo:\n", "cases", "a list belongs here"),
        ("caps:\n  claim", "caps: x\nfoo:\n  claim", "caps", "a mapping of"),
        ("validity_months: 12", "validity_months: -1", "voucher.validity_months", "no whole number"),
        ("partial_use: true", "partial_use: yes", "voucher.partial_use", "neither true nor false"),
        ("zh: 合格, en: ok}", "zh: 合格, en: ok, well}", "facts.need.ok.well", "a text with a comma needs quotes"),
        ("zh: 合格, en: ok}", "zh: 合格, en: ok, so so}", "facts.need.ok.so so", "a text with a comma needs quotes"),
        ("subject: claim}", "subject: claim, 2}", "caps.claim.2", "a text with a comma needs quotes"),
        ("  - id: one\n", "  - id: false\n", "clauses[0].id", "is read as true or false"),
        # what only the whole can know
        ("caps: [claim]", "caps: [clam]", "clauses[0].caps[0]", "there is no cap clam; there is: claim"),
        ("of: need.cost", "of: need.price", "clauses[0].amount.of", "there is no fact need.price"),
        ("of: need.cost", "of: need.count", "clauses[0].amount.of", "is no money but int"),
        ("ratio: 30%", "ratio: parameter.shares", "clauses[0].amount.ratio", "there is no parameter shares"),
        ("ratio: 30%", "ratio: parameter.none", "clauses[0].amount.ratio", "a ratio belongs here"),
        ("expiry: lapsed", "expiry: gone", "voucher.expiry", "is none of: lapsed, available"),
        ("rule: highest", "rule: most", "together.rule", "is none of: highest, sum, exclusive"),
        ("holder: holder.id", "holder: need.cost", "subjects.holder", "need.cost is no text but money"),
        ("holder: holder.id", "owner: holder.id", "subjects.owner", "there is no kind of subject owner"),
        ("subject: claim", "subject: project", "caps.claim", "belong together"),
        ("clause: one,", "clause: two,", "cases[0].clause", "there is no clause two; there is: one"),
        ("clause: one,", "sample: two,", "cases[0].sample", "there is no sample two"),
        ("clause: one,", "used: {all: 1元},", "cases[0].used.all", "there is no cap all"),
        # conditions
        ("need.cost > 0u", "need.cost > 0", "clauses[0].when[0].if", "compare money with yuan('300万')"),
        ("need.cost > 0u", "need.cost >> 0u", "clauses[0].when[0].if", "write it like need.cost > yuan('300万')"),
        ("need.cost > 0u", "need.price > 0u", "clauses[0].when[0].if", "undeclared reference to 'need.price'"),
        # YAML itself
        ("status: in_force", "status: in_force\nstatus: trial", "", "duplicate key"),
        ("status: in_force", "status: {in_force", "", "no proper YAML"),
        ("status: in_force", "status: &a in_force\nissuer2: *b", "", "no proper YAML"),
        ("status: in_force", "status: !!python/object:os.system x", "status", "is none of"),
    ],
)  # fmt: skip
def test_mistake_is_placed_and_explained(wrong, right, path, line):
    text = small()
    assert wrong in text
    broken = text.replace(wrong, right, 1)
    problem = next(problem for problem in problems_of(broken) if line in problem.en)
    assert problem.path == path
    assert 1 <= problem.line <= broken.count("\n")
    assert problem.zh != problem.en


@pytest.mark.parametrize(
    ("wrong", "right", "place"),
    [
        ("ratio: 30%", "ratio: 130%", "130%"),
        ("amount: 500元", "amont: 500元", "amont"),
        ("need.cost > 0u", "need.cost > 0", "> 0,"),
        ("issued: 2023-01-01", "issued: 2023-02-30", "2023-02-30"),
        ("measures: issued", "measures: spent", "spent"),
    ],
)
def test_place_is_the_very_character(wrong, right, place):
    broken = small().replace(wrong, right, 1)
    problem = problems_of(broken)[-1]
    line = broken.splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith(place)


def test_all_problems_come_at_once_in_order():
    broken = small().replace("status: in_force", "status: x").replace("30%", "130%")
    assert [problem.path for problem in problems_of(broken)] == ["status", "clauses[0].amount.ratio"]


def test_line_inside_a_long_condition_is_counted():
    when = "      - zh: 条件\n        en: condition\n        if: |\n          need.ok &&\n          need.cost > 0"
    (problem,) = problems_of(small(when=when))
    assert "no matching overload" in problem.en
    assert problem.path == "clauses[0].when[0].if"


def test_subject_of_a_cap_must_be_declared():
    caps = "  claim: {zh: 上限, en: cap, amount: 500元, measures: issued, per: programme, subject: project}"
    (problem,) = problems_of(small(caps=caps))
    assert "entry in `subjects` for project" in problem.en


def test_clause_twice_is_named():
    text = small()
    start, end = text.index("  - id: one"), text.index("cases:")
    problem = problems_of(text[:end].rstrip() + "\n" + text[start:end].rstrip() + "\n" + text[end:])[0]
    assert (problem.path, problem.en) == ("clauses[1].id", "the clause one appears twice")


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "3", "programme", "\x00", "\ud800", "- - - -", "[" * 5_000, "{a: " * 2_000, "x" * 300_001,
        "a: &a [1]\nb: [*a, *a]", "a: &a {b: 1}\nc: {<<: *a}", "{" + "'k'" * 3 + "}", "\t", "%YAML 9.9\n---\na: 1",
        "a: " + "[" * 13 + "]" * 13, "1: 2", "null: 3", "? [a, b]\n: c", "a: 2023-99-99", "a: " + "9" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_one_line(text):
    assert problems_of(text)


@given(
    st.integers(0, 10_000),
    st.sampled_from(["", "x", ":", "{", "[", "'", "\n", "\t", "*", "&", "%", "0", "#"]),
)
def test_damaged_document_loads_or_is_refused(at, put):
    """One character changed anywhere never ends in anything but an answer."""
    text = small()
    at %= len(text)
    try:
        loaded = rules.load(text[:at] + put + text[at + 1 :])
    except rules.UnableToReadProgramme as refused:
        loaded = refused.problems
    assert loaded


def test_reference_page_knows_every_key_and_word():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "programme.md").read_text(encoding="utf-8")
    enums = [thing for thing in vars(words).values() if isinstance(thing, type) and issubclass(thing, StrEnum)]
    keys = {field.alias or name for name, field in schema.Programme.model_fields.items()}
    for word in {word for enum in enums if enum is not StrEnum for word in enum} | keys:
        assert re.search(rf"(?<![\w-]){word}(?![\w-])", page), word

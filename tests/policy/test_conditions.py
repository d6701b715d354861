"""Conditions: typed, bounded, and never passed by an error or by what is unknown."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.policy import rules
from jiaozi.policy.rules import Outcome, Truth
from jiaozi.policy.rules.conditions import Compiler, UnableToCompile
from jiaozi.policy.rules.words import Kind

from .documents import small

ON = date(2023, 6, 1)
COMPILER = Compiler(
    {"a.money": Kind.MONEY, "a.int": Kind.INT, "a.text": Kind.TEXT, "a.list": Kind.LIST, "a.size": Kind.DECIMAL,
     "a.bool": Kind.BOOL, "a.day": Kind.DATE, "a.level": Kind.ENUM, "parameter.x": Kind.BOOL},
    {"a.level": ("north", "south")},
)  # fmt: skip


def condition(test):
    quoted = test.replace("'", "''")
    return f"      - {{if: '{quoted}', zh: 条件, en: condition}}"


def decide(test, **need):
    text = small(when=condition(test), clause_caps="[]", cases="  - {clause: one, on: 2023-06-01, expect: refused}")
    facts = {"need": {"cost": 1000, **need}}
    return rules.decide(rules.load(text), clause_id="one", facts=facts, counters={}, on=ON, allow_demo=True)


_LIST = "[" + ",".join("1" for _ in range(40)) + "]"


@pytest.mark.parametrize(
    "test",
    [
        f"{_LIST}.all(a, {_LIST}.all(b, {_LIST}.all(c, a == b && b == c)))",
        "need.count * 9223372036854775807 > 0 || need.count * 9223372036854775807 < 1",
        "need.count / 0 == 1",
        "need.cost - need.cost - need.cost < yuan('1万')",
        "need.tags[5] == 'a'",
        "{'a': true}['b']",
        "need.name.matches('(')",
        "timestamp(need.name) > on",
        "int(need.name) > 0",
        "yuan(need.name) > 0u",
        "day(need.name) > on",
    ],
)
def test_error_refuses_and_is_told(test):
    decision = decide(test, count=3, tags=["a"], name="x")
    assert decision.outcome is Outcome.REFUSED
    found = decision.clause.conditions[0]
    assert found.truth is Truth.ERROR
    assert found.error
    assert decision.reasons[0].code == "CONDITION_ERROR"


@pytest.mark.parametrize(
    "test",
    [
        "true || need.ok",
        "need.ok || true",
        "true ? true : need.ok",
        "need.cost > 0u || need.ok",
        "[1].all(x, x > 2) || true || need.ok",
    ],
)
def test_unknown_refuses_even_where_the_language_would_pass(test):
    decision = decide(test)
    assert (decision.outcome, decision.clause.conditions[0].truth) == (Outcome.REFUSED, Truth.UNKNOWN)
    assert (decision.reasons[0].code, decision.reasons[0].field) == ("FACT_MISSING", "need.ok")


@pytest.mark.parametrize(
    ("source", "line", "column", "hint"),
    [
        ("a.money >= 300", 1, 9, "yuan('300万')"),
        ("a.money > a.int", 1, 9, "yuan("),
        ("a.size >= 300", 1, 8, "300.0"),
        ("a.bool == 'x'", 1, 8, "no matching overload"),
        ("a.bool &&\n  a.mony > 0u", 2, 4, "declared is a.money"),
        ("a.int >", 1, 8, "Syntax error"),
        ("a.int + 1", 1, 1, "true or false, not INT"),
        ("1180591620717411303424 > a.int", 1, 1, "invalid int literal"),
        ("a.money > yuan('3 apples')", 1, 17, "is no amount"),
        ("a.day > day('2023-02-30')", 1, 14, "is no date"),
        ("a.level == 'nort'", 1, 12, "it has: north, south"),
        ("a.level in ['north', 'west']", 1, 22, "it has: north, south"),
        ("nothing(a.int)", 1, 8, "undeclared reference to 'nothing'"),
    ],
)
def test_wrong_condition_is_placed_and_has_a_hint(source, line, column, hint):
    with pytest.raises(UnableToCompile) as caught:
        COMPILER.compile(source)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert hint in caught.value.en
    assert "\n" not in caught.value.en


@pytest.mark.parametrize(
    "source",
    [
        "(" * 200 + "true" + ")" * 200,
        "[" * 200 + "]" * 200,
        "a.int > " + "+".join(["1"] * 240),
        "'" + "x" * 200_000 + "' == a.text",
        "a.bool" + " && a.bool" * 100,
        "",
        "\x00",
        "\ud800",
    ],
)
def test_oversized_condition_is_refused(source):
    with pytest.raises(UnableToCompile):
        COMPILER.compile(source)


@given(st.text(max_size=60))
def test_any_text_compiles_or_is_refused(source):
    try:
        seen = COMPILER.compile(source).source
    except UnableToCompile as refused:
        seen = source if min(refused.line, refused.column) >= 1 else "misplaced"
    assert seen == source


def test_names_used_are_exact():
    used = COMPILER.compile("a.list.exists(x, x == 'a.int') && (a.bool || parameter.x) // a.text")
    assert (used.facts, used.parameters) == (("a.list", "a.bool"), ("x",))


@pytest.mark.parametrize(
    ("size", "passes"), [("300", True), ("300.0", True), ("299.999999999999", False), ("300.000000000001", True)]
)
def test_decimals_compare_exactly(size, passes):
    assert (decide("need.size >= 300.0", size=size).outcome is Outcome.GRANTED) == passes


@pytest.mark.parametrize(("day", "passes"), [("2023-08-31", False), ("2023-09-01", True)])
def test_dates_compare_as_days(day, passes):
    assert (decide("need.day >= day('2023-09-01')", day=day).outcome is Outcome.GRANTED) == passes


def test_longest_text_under_the_longest_condition_stays_small():
    """The worst that the limits allow: it must come to an end as an answer, not take the machine."""
    test = f"{_LIST}.all(a, {_LIST}.all(b, " + " && ".join(["need.name.contains(need.name)"] * 8) + "))"
    decision = decide(test, name="x" * 200)
    assert decision.clause.conditions[0].truth in (Truth.TRUE, Truth.ERROR)


@pytest.mark.parametrize(
    ("test", "truth"),
    [
        ("need.count >= 0 || 1 / need.count > 0", Truth.ERROR),
        ("1 / need.count > 0 || need.count >= 0", Truth.ERROR),
        ("!(need.count > 0 && 1 / need.count > 0)", Truth.ERROR),
        ("(need.ok || need.tags[5] == 'a') && need.ok", Truth.ERROR),
        ("need.ok || int(need.name) > 0", Truth.ERROR),
        ("need.ok || '||' == need.name || need.tags[0] == 'a'", Truth.TRUE),
        ("need.ok || 10 / (need.count + 1) > 0", Truth.TRUE),
        ("need.count == 0 ? need.ok : 1 / need.count > 0", Truth.TRUE),
        ("!need.ok || need.count + 1 > 5", Truth.FALSE),
    ],
)
def test_error_under_an_or_refuses_even_where_the_language_absorbs_it(test, truth):
    decision = decide(test, count=0, ok=True, name="x", tags=["a"])
    assert decision.clause.conditions[0].truth is truth
    assert (decision.outcome is Outcome.GRANTED) == (truth is Truth.TRUE)


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("[1].exists(x, 1 / (a.int - x) > 0)", 17),
        ("[1].all(x, a.list[x] == 'a')", 18),
        ("(a.bool || a.int / 2 > 1) == true", 18),
        ("a.bool ? (a.bool || a.int * 2 > 1) : a.bool", 27),
    ],
)
def test_error_that_would_stay_hidden_is_refused_at_load(source, column):
    with pytest.raises(UnableToCompile, match="would hide the error") as caught:
        COMPILER.compile(source)
    assert (caught.value.line, caught.value.column) == (1, column)


@pytest.mark.parametrize(("months", "passes"), [(-36, True), (-37, False)])
def test_months_count_back_in_shanghai_dates(months, passes):
    decision = decide(f"need.day <= months(on, {months})", day="2020-06-01")
    assert (decision.outcome is Outcome.GRANTED) == passes

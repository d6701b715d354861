"""Facts: each wrong one is named in one line that says what would be right; nothing is guessed."""

from datetime import date

import pytest

from jiaozi.policy import rules

from .documents import CHENGDU, small

ON = date(2023, 6, 1)


def reasons_of(facts, text=None):
    with pytest.raises(rules.UnableToReadFacts) as caught:
        rules.decide(rules.load(text or small()), facts=facts, counters={}, on=ON, allow_demo=True)
    return caught.value.reasons


@pytest.mark.parametrize(
    ("need", "field", "line"),
    [
        ({"cots": "1万"}, "need.cots", "did you mean need.cost?"),
        ({"cost": 1.5}, "need.cost", "an amount in text"),
        ({"cost": True}, "need.cost", "an amount in text"),
        ({"cost": "many"}, "need.cost", "is no amount"),
        ({"cost": "0.001"}, "need.cost", "finer than a fen"),
        ({"cost": -1}, "need.cost", "0 or more"),
        ({"cost": "-1万"}, "need.cost", "negative"),
        ({"cost": 2**70}, "need.cost", "an integer of 71 bits"),
        ({"cost": None}, "need.cost", "an amount in text"),
        ({"cost": {"yuan": 1}}, "need.cost", "an amount in text"),
        ({"ok": 1}, "need.ok", "neither true nor false"),
        ({"ok": "yes"}, "need.ok", "neither true nor false"),
        ({"count": True}, "need.count", "a whole number"),
        ({"count": "3"}, "need.count", "a whole number"),
        ({"count": -1}, "need.count", "must be 0 or more"),
        ({"count": 2**70}, "need.count", "a whole number"),
        ({"size": 299.5}, "need.size", "a decimal in text"),
        ({"size": "1e9"}, "need.size", "a decimal in text"),
        ({"size": "1." + "1" * 15}, "need.size", "at most 15 digits"),
        ({"day": "2023-02-30"}, "need.day", "is no date"),
        ({"day": 20230101}, "need.day", "is no date"),
        ({"level": "A"}, "need.level", "must be one of a, b"),
        ({"tags": "a"}, "need.tags", "a list of at most"),
        ({"tags": ["a", 1]}, "need.tags", "a list of at most"),
        ({"tags": ["a"] * 201}, "need.tags", "a list of at most"),
        ({"name": " "}, "need.name", "one line of text"),
        ({"name": "x" * 201}, "need.name", "one line of text"),
        ({"name": "a\x00b"}, "need.name", "one line of text"),
        ({"name": "\ud800"}, "need.name", "one line of text"),
    ],
)
def test_wrong_fact_is_named(need, field, line):
    (reason,) = reasons_of({"need": need})
    assert reason.field == field
    assert line in reason.label.en
    assert "\n" not in reason.label.en + reason.label.zh
    assert len(reason.label.en) < 200


def test_all_wrong_facts_are_named_at_once():
    assert [reason.field for reason in reasons_of({"need": {"cost": 1.5, "ok": "x"}, "other": {"a": 1}})] == [
        "need.cost",
        "need.ok",
        "other.a",
    ]


def test_fact_given_twice_is_refused():
    (reason,) = reasons_of({"need": {"cost": 1}, "need.cost": 2})
    assert (reason.code, reason.field) == ("FACT_TWICE", "need.cost")


@pytest.mark.parametrize("facts", [None, [], "x", 3])
def test_facts_must_be_an_object(facts):
    assert reasons_of(facts)[0].code == "FACTS_NO_OBJECT"


def test_number_of_facts_is_bounded():
    assert reasons_of({"need": {f"x{n}": 1 for n in range(501)}})[0].code == "FACTS_TOO_MANY"


def test_contradiction_is_named_with_its_facts():
    (reason,) = reasons_of({"applicant": {"holder_class": "MAKER", "has_uscc": True}}, CHENGDU)
    assert (reason.code, reason.field) == (
        "FACTS_CONTRADICT",
        "applicant.has_uscc, applicant.holder_class",
    ) or reason.field == "applicant.holder_class, applicant.has_uscc"
    assert "创客没有法人资格" in reason.label.zh


def test_missing_fact_is_a_refusal_that_names_it_once():
    decision = rules.decide(rules.load(small()), clause_id="one", facts={}, counters={}, on=ON, allow_demo=True)
    assert [(reason.code, reason.field, reason.label.zh) for reason in decision.reasons] == [
        ("FACT_MISSING", "need.cost", "缺少事实：费用")
    ]


@pytest.mark.parametrize(
    ("raw", "fen"), [("1200万", 1_200_000_000), ("5000", 500_000), ("0.15元", 15), (15, 15), (0, 0), ("1,000", 100_000)]
)
def test_money_is_yuan_in_text_or_fen_as_integer(raw, fen):
    decision = rules.decide(rules.load(small()), facts={"need": {"cost": raw}}, counters={}, on=ON, allow_demo=True)
    assert decision.inputs.facts == {"need.cost": fen}

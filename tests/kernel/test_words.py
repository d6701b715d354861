"""Ids, labels, the clock and refusals."""

import copy
import pickle
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.clock import now
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused


def test_new_ids_differ_and_sort_by_time():
    made = [new_id() for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert sorted(made) == made
    assert all(each.version == 7 for each in made)


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_a_name_has_one_id(one, other):
    assert (named_id("kind", *one) == named_id("kind", *other)) is (one == other)


def test_kinds_do_not_meet():
    assert named_id("tariff", "x") != named_id("account", "x")
    assert named_id("tariff", "a", "b") != named_id("tariff", "ab")


def test_the_clock_is_aware_and_utc():
    assert now().utcoffset() == timedelta(0)


def test_a_label_speaks_both_languages():
    label = Label("算力券", "voucher")
    assert [label.in_language(code) for code in ("zh-hans", "en", "EN-gb", "fr")] == [
        "算力券",
        "voucher",
        "voucher",
        "算力券",
    ]
    assert str(label) == "算力券 · voucher"


class UnableToTest(Refused):
    pass


def test_a_refusal_is_one_line_with_its_field():
    refusal = UnableToTest("TOO_LATE", "应在2023年内", "must be within 2023", field="at", clause="general")
    assert str(refusal) == "at: must be within 2023"
    assert refusal.in_language("zh-hans") == "at: 应在2023年内"
    assert refusal.in_language("en") == "at: must be within 2023"
    assert (refusal.reason.code, refusal.reason.clause) == ("TOO_LATE", "general")
    assert UnableToTest("X", "不行", "no").in_language("en") == "no"


def test_a_refusal_crosses_processes():
    refusal = UnableToTest("TOO_LATE", "应在2023年内", "must be within 2023", field="at")
    for twin in (pickle.loads(pickle.dumps(refusal)), copy.copy(refusal)):
        assert twin.reason == refusal.reason
        assert str(twin) == str(refusal)

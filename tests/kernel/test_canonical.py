"""Canonical JSON: equal things have one form, different things never the same."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.canonical import canonical, digest

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.text(alphabet=st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=20)
leaves = st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
)


@given(values)
def test_reads_back_as_it_was(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(keys, leaves, max_size=8))
def test_the_order_of_keys_does_not_matter(value):
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@given(values, values)
def test_different_things_have_different_digests(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (digest(one) == digest(other)) is same


def test_a_key_that_rfc_8785_sorts_by_its_surrogates_is_refused():
    # U+1F600 is D83D DE00 in UTF-16 and sorts before U+FB33 there, but after it by code point.
    with pytest.raises(ValueError, match=r"^\$\.a: key"):
        canonical({"a": {"\ufb33": 1, "\U0001f600": 2}})


def test_one_known_form():
    value = {"b": [1, True, None], "a": "券", "c": {"z": '\n"\\\u007f', "y": -1}}
    assert canonical(value) == '{"a":"券","b":[1,true,null],"c":{"y":-1,"z":"\\n\\"\\\\\u007f"}}'.encode()
    assert len(digest(value)) == 32


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": 0.5}, "$.a"),
        ({"a": [1, {"b": float("nan")}]}, "$.a[1].b"),
        ({"at": datetime(2023, 1, 1, tzinfo=UTC)}, "$.at"),
        ({1: "x"}, "$"),
        ({"a": 2**63}, "$.a"),
        ({"a": b"x"}, "$.a"),
        ({"a": {1, 2}}, "$.a"),
    ],
)
def test_what_has_no_canonical_form_is_named(value, place):
    with pytest.raises((TypeError, ValueError)) as refused:
        canonical(value)
    assert str(refused.value).startswith(f"{place}:")


@pytest.mark.parametrize("value", [{"a": "\ud800"}, {"a": {"\udfff": 1}}])
def test_a_lone_surrogate_has_no_form(value):
    with pytest.raises(ValueError, match=r"^\$\.a: half"):
        canonical(value)

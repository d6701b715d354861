"""Every wrong figure is named by place, with what would be right; nothing is cleared meanwhile."""

import json
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.exchange.rules import (
    Contract,
    Link,
    Period,
    Terms,
    UnableToClear,
    UnableToReadBook,
    check_orders,
    clear,
    read_book,
)
from jiaozi.kernel.refusal import Refused

from .made import HOUR, NOON, ask, bid, book


def problems(made):
    with pytest.raises(UnableToClear) as refused:
        clear(made)
    assert all(each.zh and each.en for each in refused.value.problems)
    return [(each.field, each.code) for each in refused.value.problems]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (bid("o", -1, 5), [("orders[0].quantity", "FIGURE_WRONG"), ("orders[0].minimum", "MINIMUM_WRONG")]),
        (bid("o", 0, 5), [("orders[0].quantity", "FIGURE_WRONG")]),
        (bid("o", 10**10, 5), [("orders[0].quantity", "FIGURE_WRONG")]),
        (bid("o", 1, -5), [("orders[0].limit", "FIGURE_WRONG")]),
        (bid("o", 1, 10**13), [("orders[0].limit", "FIGURE_WRONG")]),
        (bid("o", 10**6, 10**12), [("orders[0].quantity", "TOO_MUCH")]),
        (bid("o", 5, 5, 6), [("orders[0].minimum", "MINIMUM_WRONG")]),
        (bid("o", 5, 5, -1), [("orders[0].minimum", "MINIMUM_WRONG")]),
        (bid("o", 5, 5, hub="moon"), [("orders[0].hub", "HUB_UNKNOWN")]),
        (bid("o", 5, 5, period="never"), [("orders[0].period", "PERIOD_UNKNOWN")]),
        (bid("o", 5, 5, resource_class="abacus"), [("orders[0].resource_class", "CLASS_UNKNOWN")]),
        (bid("", 5, 5, party="p"), [("orders[0].id", "NAME_WRONG")]),
    ],
)
def test_an_order_that_cannot_be(order, expected):
    assert problems(book(order)) == expected


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([Link("a", "a", 1)], [("links[0].end", "LINK_CROSSED")]),
        ([Link("a", "b", 1), Link("a", "b", 2)], [("links[1]", "LINK_CROSSED")]),
        ([Link("a", "b", 1), Link("a", "b", 2, 0, "gpu", "h0")], [("links[1]", "LINK_CROSSED")]),
        ([Link("a", "b", 1), Link("b", "a", 2)], []),
        ([Link("a", "moon", 1)], [("links[0].end", "HUB_UNKNOWN")]),
        ([Link("a", "b", -1)], [("links[0].capacity", "FIGURE_WRONG")]),
        ([Link("a", "b", 1, -1)], [("links[0].charge", "FIGURE_WRONG")]),
        ([Link("a", "b", 1, 0, "abacus")], [("links[0].resource_class", "CLASS_UNKNOWN")]),
        ([Link("a", "b", 1, 0, "", "never")], [("links[0].period", "PERIOD_UNKNOWN")]),
    ],
)
def test_crossed_links(links, expected):
    made = book(bid("o", 5, 5), links=links)
    if expected:
        assert problems(made) == expected
    else:
        clear(made)


def test_twice_unknown_and_contradictory():
    assert problems(book(bid("o", 1, 1), bid("o", 1, 1))) == [("orders[1].id", "TWICE")]
    assert problems(book(hubs=("a", "a"))) == [("hubs[1]", "TWICE")]
    assert problems(book(hubs=())) == [("hubs", "COUNT_WRONG")]
    assert problems(book(hubs=tuple(f"h{number}" for number in range(65)))) == [("hubs", "COUNT_WRONG")]
    assert problems(replace(book(), contracts=(Contract("gpu", 0),))) == [("classes[0].lot_units", "FIGURE_WRONG")]
    assert problems(replace(book(), terms=Terms(steps_max=0))) == [("steps_max", "FIGURE_WRONG")]
    assert problems(book(related=[("x", "x")])) == [("related[0]", "RELATED_TO_ITSELF")]
    backwards = (Period("h0", NOON, NOON - HOUR),)
    assert problems(replace(book(), periods=backwards)) == [("periods[0].end", "PERIOD_ENDS_EARLY")]
    overlapping = (Period("h0", NOON, NOON + HOUR), Period("h1", NOON + timedelta(minutes=30), NOON + 2 * HOUR))
    assert problems(replace(book(), periods=overlapping)) == [("periods[1].start", "PERIODS_OVERLAP")]


def test_a_party_does_not_trade_with_itself():
    made = book(ask("s", 5, 4, party="p"), bid("b", 5, 4, party="p"))
    assert problems(made) == [("orders[1].limit", "SELF_TRADE")]
    clear(book(ask("s", 5, 4, party="p"), bid("b", 5, 3, party="p")))
    clear(book(ask("s", 5, 4, party="p"), bid("b", 5, 4, party="p", hub="b")))
    with pytest.raises(UnableToClear, match="'s'"):
        check_orders([bid("b", 5, 4, party="p")], book(ask("s", 5, 4, party="p")))
    check_orders([bid("b", 5, 4, party="other")], book(ask("s", 5, 4, party="p")))


def test_fifty_mistakes_are_enough():
    found = problems(book(*(bid(f"o{number}", 0, 1) for number in range(80))))
    assert len(found) == 50


def file(**changed):
    product = {"resource_class": "gpu", "period": "h0"}
    made = {
        "session": "s",
        "hubs": ["a", "b"],
        "periods": [{"id": "h0", "start": "2026-12-01T12:00:00+08:00", "end": "2026-12-01T13:00:00+08:00"}],
        "classes": [{"resource_class": "gpu"}],
        "links": [{"start": "a", "end": "b", "capacity": 4, "charge": "0.01"}],
        "orders": [
            {"id": "s", "party": "x", "side": "ask", "hub": "a", "quantity": 9, "limit": "0.02", **product},
            {
                "id": "b",
                "party": "y",
                "side": "bid",
                "hub": "b",
                "quantity": 9,
                "limit": "0.08",
                "minimum": 2,
                **product,
            },
        ],
    }
    return {**made, **changed}


def read(**changed):
    return read_book(json.dumps(file(**changed)))


def read_problems(**changed):
    with pytest.raises(UnableToClear) as refused:
        read(**changed)
    return [(each.field, each.code) for each in refused.value.problems]


class TestFile:
    def test_it_is_read_as_it_says(self):
        found = clear(read())
        assert found.accepted == {"s": 4, "b": 4}
        assert read(terms={"share_max": "25%", "hhi_max": 1, "steps_max": 2}).terms == Terms(250_000, 1, 2)

    def test_the_instants_zone_does_not_change_the_digest(self):
        utc = [{"id": "h0", "start": "2026-12-01T04:00:00Z", "end": "2026-12-01T05:00:00Z"}]
        assert read(periods=utc).digest() == read().digest()

    @pytest.mark.parametrize(
        "text", ["", "{", "[1", '{"hubs": NaN}', '{"hubs": Infinity}', '{"a": 1.5}', "[" * 100_000]
    )
    def test_what_is_no_json(self, text):
        with pytest.raises(UnableToReadBook):
            read_book(text)

    @pytest.mark.parametrize(
        ("key", "value", "code"),
        [
            ("quantity", "9", "VALUE_WRONG"),
            ("quantity", True, "VALUE_WRONG"),
            ("quantity", None, "VALUE_WRONG"),
            ("limit", 2, "VALUE_WRONG"),
            ("limit", "0.005", "VALUE_WRONG"),
            ("limit", "inf", "VALUE_WRONG"),
            ("side", "both", "VALUE_WRONG"),
            ("id", "", "VALUE_WRONG"),
            ("colour", "red", "UNKNOWN_KEY"),
        ],
    )
    def test_a_wrong_value_is_named(self, key, value, code):
        orders = file()["orders"]
        assert read_problems(orders=[{**orders[0], key: value}]) == [(f"orders[0].{key}", code)]

    def test_a_missing_one_too(self):
        orders = file()["orders"]
        del orders[1]["limit"]
        assert read_problems(orders=orders) == [("orders[1].limit", "MISSING")]
        naive = [{"id": "h0", "start": "2026-12-01T12:00:00", "end": "2026-12-01T13:00:00+08:00"}]
        assert read_problems(periods=naive) == [("periods[0].start", "VALUE_WRONG")]

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(file())), inner, max_size=6)
            ),
        )
    )
    def test_anything_at_all_is_refused_by_name(self, value):
        with pytest.raises(Refused):
            read_book(json.dumps(value))

    def test_digits_without_end(self):
        limit = sys.get_int_max_str_digits() + 1
        with pytest.raises(UnableToReadBook):
            read_book(json.dumps(file()).replace('"quantity": 9', '"quantity": ' + "9" * limit, 1))

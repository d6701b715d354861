"""A price list changes by new versions only."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.rules import Tariff, UnableToPublish, Unit, check_no_overlap, publish
from jiaozi.kernel.fen import Rounding

NOW = datetime(2023, 6, 1, tzinfo=UTC)
OPEN = Tariff(
    id=UUID(int=1),
    centre="nscc-chengdu",
    resource_class="cpu-core",
    unit=Unit.CORE_HOUR,
    rate_ufen=15_000_000,
    valid_from=datetime(2023, 1, 1, tzinfo=UTC),
    version=1,
    author="first",
)
JULY = datetime(2023, 7, 1, tzinfo=UTC)
CLOSED = replace(OPEN, valid_until=JULY)
NEXT = replace(OPEN, id=UUID(int=2), version=2, valid_from=JULY, rate_ufen=16_000_000)


def test_the_same_list_again_changes_nothing():
    change = publish([OPEN], [replace(OPEN, author="second")], now=NOW)
    assert (change.added, change.closed) == ((), ())


def test_a_new_version_closes_the_one_before():
    change = publish([OPEN], [CLOSED, NEXT], now=NOW)
    assert change.added == (NEXT,)
    assert change.closed == (CLOSED,)
    assert publish([CLOSED, NEXT], [CLOSED, NEXT], now=NOW + timedelta(days=400)).added == ()


@pytest.mark.parametrize(
    "edit",
    [
        {"rate_ufen": 1},
        {"valid_from": JULY},
        {"rounding": Rounding.UP},
        {"minimum_fen": 1},
        {"granularity_ms": 1_000},
        {"source": "another"},
        {"demo": True},
        {"rate_ufen": 1, "valid_until": JULY},
    ],
)
def test_a_published_price_can_not_be_edited(edit):
    with pytest.raises(UnableToPublish, match="version 1 is published and can't be edited"):
        publish([OPEN], [replace(OPEN, **edit)], now=NOW)


@pytest.mark.parametrize("until", [None, JULY + timedelta(days=1), JULY - timedelta(days=1)])
def test_an_end_is_given_once(until):
    with pytest.raises(UnableToPublish, match="published"):
        publish([CLOSED], [replace(CLOSED, valid_until=until)], now=NOW)


def test_an_end_is_never_in_the_past():
    with pytest.raises(UnableToPublish, match="can't end in the past"):
        publish([OPEN], [replace(OPEN, valid_until=NOW - timedelta(seconds=1))], now=NOW)
    assert publish([OPEN], [replace(OPEN, valid_until=NOW)], now=NOW).closed


def test_a_version_can_not_overlap_one_that_was_published():
    with pytest.raises(UnableToPublish, match="overlap"):
        publish([OPEN], [NEXT], now=NOW)


spans = st.tuples(st.integers(0, 50), st.none() | st.integers(1, 50))


@given(st.lists(st.tuples(st.sampled_from(["", "UNIVERSITY"]), spans), max_size=6))
def test_overlaps_are_found_exactly(drawn):
    listed = [
        replace(
            OPEN,
            id=UUID(int=number),
            version=number + 1,
            customer_class=customer,
            valid_from=NOW + timedelta(days=first),
            valid_until=None if days is None else NOW + timedelta(days=first + days),
        )
        for number, (customer, (first, days)) in enumerate(drawn)
    ]
    instants = [NOW + timedelta(days=day) for day in range(102)]
    twice = any(
        sum(each.customer_class == customer and each.valid_at(instant) for each in listed) > 1
        for customer in ("", "UNIVERSITY")
        for instant in instants
    )
    if twice:
        with pytest.raises(UnableToPublish):
            check_no_overlap(listed)
    else:
        check_no_overlap(listed)

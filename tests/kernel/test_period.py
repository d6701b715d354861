"""Periods: the Shanghai day an instant falls in, half-open runs of dates, months that end early."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel.period import Period, local_date, month, months_later, start_of_day, year

days = st.dates(min_value=date(1992, 1, 1), max_value=date(2200, 1, 1))
instants = st.datetimes(
    min_value=datetime(1992, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.just(UTC),
)


def test_the_year_turns_in_shanghai():
    assert local_date(datetime(2023, 12, 31, 15, 59, 59, 999_999, tzinfo=UTC)) == date(2023, 12, 31)
    assert local_date(datetime(2023, 12, 31, 16, tzinfo=UTC)) == date(2024, 1, 1)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        local_date(datetime(2023, 1, 1))


@given(instants)
def test_an_instant_lies_in_its_own_day(instant):
    day = local_date(instant)
    assert start_of_day(day) <= instant < start_of_day(day + timedelta(days=1))


@given(days)
def test_a_day_begins_on_itself(day):
    assert local_date(start_of_day(day)) == day
    assert local_date(start_of_day(day) - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_a_period_has_its_first_date_and_not_its_end():
    period = Period(date(2023, 1, 5), date(2023, 1, 8))
    assert date(2023, 1, 5) in period
    assert period.last == date(2023, 1, 7) in period
    assert date(2023, 1, 8) not in period
    assert "2023-01-06" not in period
    assert period.days == 3


@pytest.mark.parametrize("end", [date(2023, 1, 5), date(2023, 1, 4)])
def test_an_empty_period_is_refused(end):
    with pytest.raises(ValueError, match="must end after"):
        Period(date(2023, 1, 5), end)


periods = st.builds(lambda day, days: Period(day, day + timedelta(days=days)), days, st.integers(1, 800))


@given(periods, periods, days)
def test_common_dates_are_those_in_both(one, other, day):
    both = one.common(other)
    assert (both is not None and day in both) == (day in one and day in other)
    assert both == other.common(one)


@given(st.integers(1992, 2199))
def test_months_make_up_their_year(number):
    months = [month(number, which) for which in range(1, 13)]
    assert months[0].first == year(number).first
    assert months[-1].end == year(number).end
    assert all(earlier.end == later.first for earlier, later in itertools.pairwise(months))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2023, 1, 31), 13, date(2024, 2, 29)),
        (date(2023, 12, 15), 1, date(2024, 1, 15)),
        (date(2023, 3, 31), -1, date(2023, 2, 28)),
        (date(2023, 1, 15), -1, date(2022, 12, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 0, date(2024, 2, 29)),
    ],
)
def test_months_later(day, months, later):
    assert months_later(day, months) == later


def test_names():
    assert year(2023).name() == "2023"
    assert month(2023, 12).name() == "2023-12"
    assert Period(date(2023, 1, 1), date(2023, 2, 2)).name() == "2023-01-01..2023-02-01"

"""When money runs out, by the stated rule: exact, in order, and silent where there is too little to go by."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.settlement.rules.forecast import HORIZON_DAYS, RUN, WEEKS, forecast, whole_weeks

TODAY, END = date(2026, 11, 25), date(2027, 1, 1)
WEEKLY = st.lists(st.integers(0, 10**13), min_size=RUN, max_size=WEEKS)


@given(left=st.integers(0, 10**15), weekly=WEEKLY)
def test_the_band_holds_the_middle(left, weekly) -> None:
    found = forecast(left, weekly, TODAY, END)
    far = date.max
    assert (found.earliest or far) <= (found.on or far) <= (found.latest or far)
    assert 0 <= found.end_low_fen <= found.end_fen <= found.end_high_fen <= left


@given(left=st.integers(1, 10**12), pace=st.integers(1, 10**12))
def test_at_an_even_pace_all_three_dates_are_one(left, pace) -> None:
    found = forecast(left, [pace] * WEEKS, TODAY, END)
    days = -(-left * 7 // pace)
    expected = TODAY + timedelta(days=days) if days <= HORIZON_DAYS else None
    assert found.on == found.earliest == found.latest == expected


def test_the_fastest_and_the_slowest_block_of_four_weeks_make_the_band() -> None:
    found = forecast(1_000, [0, 0, 0, 0, 100, 100, 100, 100, 10, 10, 10, 10], TODAY, END)
    assert (found.fast_fen, found.slow_fen, found.total_fen) == (400, 0, 440)
    assert found.earliest == TODAY + timedelta(days=70)
    assert found.latest is None


def test_nothing_left_is_today_and_nothing_spent_is_never() -> None:
    assert forecast(0, [5] * 12, TODAY, END).on == TODAY
    assert forecast(5, [0] * 12, TODAY, END).on is None


def test_too_few_weeks_forecast_nothing() -> None:
    assert forecast(5, [1] * (RUN - 1), TODAY, END) is None


@pytest.mark.parametrize(("first", "weeks"), [(TODAY, 0), (TODAY - timedelta(days=6), 1), (date(2027, 1, 1), 0)])
def test_whole_weeks_end_today(first, weeks) -> None:
    assert whole_weeks(first, TODAY) == weeks

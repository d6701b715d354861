"""Pricing: exact, rounded once, never past its hold; and finding the one price that holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.rules import (
    Tariff,
    UnableToPrice,
    Unit,
    billable_ms,
    charge_ufen,
    most,
    movement_fen,
    price_fen,
    run_price_fen,
    tariff_for,
)
from jiaozi.kernel.fen import Rounding

T0 = datetime(2023, 1, 1, tzinfo=UTC)
PLAIN = Tariff(
    id=UUID(int=1),
    centre="nscc-chengdu",
    resource_class="cpu-core",
    unit=Unit.CORE_HOUR,
    rate_ufen=15_000_000,
    valid_from=T0,
    version=1,
)
rates = st.integers(0, 10**11)  # up to 1,000 yuan an hour
quantities = st.integers(0, 10**13)
tariffs = st.builds(
    lambda rate, rounding, step: replace(PLAIN, rate_ufen=rate, rounding=rounding, granularity_ms=step),
    rates,
    st.sampled_from(Rounding),
    st.sampled_from([1, 7, 1_000, 60_000, 3_600_000]),
)


def exact(tariff, unit_ms):
    return Fraction(unit_ms, 3_600_000) * Fraction(tariff.rate_ufen, 1_000_000)


@given(tariffs, quantities)
def test_a_price_is_the_exact_amount_rounded_once(tariff, unit_ms):
    price, amount = price_fen(tariff, unit_ms), exact(tariff, unit_ms)
    assert isinstance(price, int)
    low, high = {
        Rounding.DOWN: (price, price + 1),
        Rounding.HALF_UP: (price - Fraction(1, 2), price + Fraction(1, 2)),
        Rounding.UP: (price - 1, price),
    }[tariff.rounding]
    assert low <= amount <= high
    assert charge_ufen(tariff, unit_ms) <= amount * 1_000_000 < charge_ufen(tariff, unit_ms) + 1


@given(tariffs, quantities, quantities)
def test_more_never_costs_less(tariff, some, more):
    assert price_fen(tariff, some) <= price_fen(tariff, some + more)


@given(tariffs, st.lists(quantities, min_size=1, max_size=20))
def test_splitting_moves_the_price_by_less_than_a_fen_a_part(tariff, parts):
    apart, whole = sum(price_fen(tariff, part) for part in parts), price_fen(tariff, sum(parts))
    assert abs(apart - whole) < len(parts) + 1
    if tariff.rounding is Rounding.DOWN:
        assert apart <= whole
    if tariff.rounding is Rounding.UP:
        assert apart >= whole


@given(
    tariffs,
    st.integers(1, 10_000),
    st.integers(1, 10**9),
    st.sampled_from([1, 10, 1_000, 60_000]),
    st.integers(0, 90_000),
    st.integers(0, 10**9),
    st.integers(0, 10_000),
)
def test_no_run_within_its_limit_costs_more_than_its_hold(tariff, units, limit, step, lag, ran, minimum):  # noqa: PLR0917
    tariff = replace(tariff, minimum_fen=minimum)
    longest = -(-limit // step) * step + lag
    hold = most(tariff, units=units, time_limit_ms=limit, engine_granularity_ms=step, kill_lag_ms=lag)
    assert run_price_fen(tariff, units=units, elapsed_ms=min(ran, longest)) <= hold
    assert run_price_fen(tariff, units=units, elapsed_ms=longest) == hold


@pytest.mark.parametrize(
    ("rate_ufen", "unit_ms", "rounding", "fen"),
    [
        (15_000_000, 3_600_000, Rounding.HALF_UP, 15),
        (15_000_000, 64 * 56_011_000, Rounding.HALF_UP, 14_936),  # 14,936.27
        (15_000_000, 120_000, Rounding.HALF_UP, 1),  # 0.5
        (15_000_000, 119_999, Rounding.HALF_UP, 0),
        (15_000_000, 1, Rounding.UP, 1),
        (15_000_000, 239_999, Rounding.DOWN, 0),
        (800_000_000, 3_600_000, Rounding.DOWN, 800),
        (2_500_000, 1_440_000, Rounding.DOWN, 1),
        (0, 10**12, Rounding.UP, 0),
    ],
)
def test_known_prices(rate_ufen, unit_ms, rounding, fen):
    assert price_fen(replace(PLAIN, rate_ufen=rate_ufen, rounding=rounding), unit_ms) == fen


def test_ten_cents_a_hundred_thousand_times_is_exact():
    tariff = replace(PLAIN, rate_ufen=10_000_000)
    assert price_fen(tariff, 100_000 * 3_600_000) == 1_000_000
    assert sum(charge_ufen(tariff, 360_000) for _ in range(100_000)) == 100_000 * 1_000_000


def test_a_minimum_applies_to_what_was_used_only():
    tariff = replace(PLAIN, minimum_fen=50)
    assert [price_fen(tariff, each) for each in (0, 1, 3_600_000 * 10)] == [0, 50, 150]


def test_time_is_rounded_up_to_the_tariffs_step():
    tariff = replace(PLAIN, granularity_ms=3_600_000)
    assert run_price_fen(tariff, units=2, elapsed_ms=1) == 30
    assert run_price_fen(tariff, units=2, elapsed_ms=3_600_001) == 60
    assert run_price_fen(tariff, units=2, elapsed_ms=0) == 0
    assert billable_ms(3_600_001, 3_600_000) == 7_200_000


def test_the_hold_covers_the_engines_rounding_and_its_lag():
    asked = {"units": 4, "time_limit_ms": 61_000}
    assert most(PLAIN, **asked, engine_granularity_ms=60_000, kill_lag_ms=500) == price_fen(PLAIN, 4 * 120_500)


def test_a_price_past_the_ledger_is_refused():
    with pytest.raises(UnableToPrice, match="past what the ledger can hold"):
        price_fen(replace(PLAIN, rate_ufen=10**18), 10**18)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: price_fen(PLAIN, -1),
        lambda: charge_ufen(PLAIN, -1),
        lambda: run_price_fen(PLAIN, units=0, elapsed_ms=1),
        lambda: billable_ms(1, 0),
        lambda: billable_ms(-1, 1),
        lambda: most(PLAIN, units=1, time_limit_ms=0, engine_granularity_ms=1, kill_lag_ms=0),
        lambda: most(PLAIN, units=1, time_limit_ms=1, engine_granularity_ms=1, kill_lag_ms=-1),
        lambda: movement_fen(1, -1),
    ],
)
def test_a_quantity_that_can_not_be_is_an_error(ask):
    with pytest.raises(ValueError, match="must be at least"):
        ask()


def test_moving_data_costs_by_the_gigabyte():
    assert movement_fen(2_000_000, 10**9) == 2
    assert movement_fen(2_000_000, 10**9 + 1) == 3
    assert movement_fen(0, 10**15) == 0


STUDENT = replace(PLAIN, id=UUID(int=2), customer_class="UNIVERSITY", rate_ufen=12_000_000)
LATER = T0 + timedelta(days=365)
OLD = replace(PLAIN, valid_until=LATER)
NEW = replace(PLAIN, id=UUID(int=3), version=2, valid_from=LATER, rate_ufen=20_000_000)


def find(among, customer_class="TECH_SME", at=T0, resource_class="cpu-core", centre="nscc-chengdu"):
    return tariff_for(among, centre=centre, resource_class=resource_class, customer_class=customer_class, at=at)


def test_the_customers_own_class_goes_before_anyone():
    for among in ([PLAIN, STUDENT], [STUDENT, PLAIN]):
        assert find(among, "UNIVERSITY") is STUDENT
        assert find(among, "TECH_SME") is PLAIN
        assert find(among, "") is PLAIN


def test_a_price_holds_from_its_first_instant_up_to_its_end():
    assert find([OLD, NEW], at=LATER - timedelta(microseconds=1)) is OLD
    assert find([OLD, NEW], at=LATER) is NEW


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"resource_class": "gpu-910b"}, "RESOURCE_UNKNOWN"),
        ({"centre": "elsewhere"}, "RESOURCE_UNKNOWN"),
        ({"at": T0 - timedelta(microseconds=1)}, "TARIFF_NOT_VALID"),
    ],
)
def test_what_has_no_price_is_never_free(ask, code):
    with pytest.raises(UnableToPrice) as refused:
        find([PLAIN, STUDENT], **ask)
    assert refused.value.reason.code == code


def test_a_price_for_others_is_none():
    with pytest.raises(UnableToPrice):
        find([STUDENT], "TECH_SME")


def test_two_prices_at_once_are_refused():
    with pytest.raises(UnableToPrice, match="2 tariffs"):
        find([PLAIN, replace(PLAIN, id=UUID(int=9), version=2)])

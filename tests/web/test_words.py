"""What the templates' filters write: money, shares, times, states."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import translation

from jiaozi.order.rules import State as OrderState
from jiaozi.settlement.rules import State as StatementState
from jiaozi.voucher.rules import State as VoucherState
from jiaozi.web.templatetags import figures, words
from jiaozi.web.views.figures import BAR_WIDTH, widths


def test_money_has_its_currency_in_each_language() -> None:
    with translation.override("zh-hans"):
        assert figures.money(123_456_789) == "1,234,567.89元"
        assert 'title="1,234,567.89元">123.46<small>万元' in figures.headline(123_456_789)
        assert ">9,999.99<small>元" in figures.headline(999_999)
    with translation.override("en"):
        assert figures.money(123_456_789) == "CNY 1,234,567.89"
        assert "<small>CNY</small>1,234,567.89" in figures.headline(123_456_789)


def test_nothing_is_a_dash() -> None:
    assert figures.yuan(None) == figures.money(None) == str(figures.headline(None)) == "—"


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (1, 3, "33.3%"),
        (999_999, 1_000_000, "99.9%"),
        (10, 10, "100.0%"),
        (1, 10_000, "<0.1%"),
        (0, 10, "0.0%"),
        (1, 0, "—"),
    ],
)
def test_a_share_is_cut_off(part: int, whole: int, shown: str) -> None:
    assert figures.of(part, whole) == shown


@pytest.mark.parametrize(("rate_ufen", "shown"), [(15_000_000, "0.15"), (800_000_000, "8.00"), (1, "0.00000001")])
def test_a_rate_keeps_all_its_decimals(rate_ufen: int, shown: str) -> None:
    assert figures.rate(rate_ufen) == shown


def test_times_are_shanghais() -> None:
    assert ">2024-01-01 00:00<" in figures.moment(datetime(2023, 12, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("length_ms", "zh", "en"),
    [
        (500, "0.5秒", "0.5 s"),
        (61_000, "1分1秒", "1 min 1 s"),
        (7_200_000, "2小时", "2 h"),
        (5_400_000, "1小时30分", "1 h 30 min"),
        (3_602_000, "1小时2秒", "1 h 2 s"),
    ],
)
def test_durations(length_ms: int, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert figures.duration(length_ms) == zh
    with translation.override("en"):
        assert figures.duration(length_ms) == en


def test_every_state_has_a_shape() -> None:
    for life, states in (("order", OrderState), ("voucher", VoucherState), ("statement", StatementState)):
        for state in states:
            assert words.look(life, state, "en")["shape"]


def test_shapes_tell_states_apart_without_colour() -> None:
    shown = {state: words.look("order", state, "en")["shape"] for state in OrderState}
    going_well, gone_wrong = (OrderState.RUNNING, OrderState.CAPTURED), (OrderState.FAILED, OrderState.REFUSED)
    assert not {shown[state] for state in going_well} & {shown[state] for state in gone_wrong}


@pytest.mark.parametrize("amounts", [[1, 0, 999_999], [5, 5, 5], [0, 0, 7], [1, 1, 1, 1, 1, 10**12]])
def test_the_bar_is_full_and_shows_what_is_not_zero(amounts: list[int]) -> None:
    found = widths(amounts)
    assert sum(found) == BAR_WIDTH
    assert [width > 0 for width in found] == [amount > 0 for amount in amounts]

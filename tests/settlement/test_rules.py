"""The pure side: reading claims, settlement periods, the export."""

from datetime import date

import pytest

from jiaozi.policy.rules.words import Interval
from jiaozi.settlement.rules import UnableToClaim, last_period
from jiaozi.settlement.rules.claim import read_csv, read_json


def test_a_claim_is_read_from_csv_and_json():
    assert read_csv("\ufeffreference,amount_fen\r\nA1,5\r\n\r\nB2,0\r\n") == {"A1": 5, "B2": 0}
    assert read_json('{"A1": 5, "B2": 0}') == {"A1": 5, "B2": 0}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        ("reference;amount_fen\n", "line 1"),
        ("reference,amount_fen\nA1\n", "line 2"),
        ("reference,amount_fen\nA1,5\nA1,6\n", "line 3"),
        ("reference,amount_fen\nA1,1.5\n", "line 2"),
        ("reference,amount_fen\nA1,-5\n", "line 2"),
        ("reference,amount_fen\nA1,¥5\n", "line 2"),
        ("reference,amount_fen\n,5\n", "line 2"),
        ("reference,amount_fen\nA1,99999999999999999999\n", "line 2"),
    ],
)
def test_a_wrong_line_is_named(text, where):
    with pytest.raises(UnableToClaim, match=where):
        read_csv(text)


@pytest.mark.parametrize("text", ["", "[]", "[[1, 2]]", '{"A": 1.0}', '{"A": true}', '{"A": 1, "A": 2}', '{"": 1}'])
def test_wrong_json_is_refused(text):
    with pytest.raises(UnableToClaim):
        read_json(text)


@pytest.mark.parametrize(
    ("interval", "today", "first", "end"),
    [
        (Interval.MONTHLY, date(2027, 1, 1), date(2026, 12, 1), date(2027, 1, 1)),
        (Interval.MONTHLY, date(2026, 12, 31), date(2026, 11, 1), date(2026, 12, 1)),
        (Interval.QUARTERLY, date(2026, 6, 30), date(2026, 1, 1), date(2026, 4, 1)),
        (Interval.QUARTERLY, date(2026, 1, 1), date(2025, 10, 1), date(2026, 1, 1)),
        (Interval.YEARLY, date(2026, 12, 31), date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_the_period_that_ended_last(interval, today, first, end):
    period = last_period(interval, today)
    assert (period.first, period.end) == (first, end)


def test_on_demand_has_no_period():
    assert last_period(Interval.ON_DEMAND, date(2026, 1, 1)) is None

"""Reading usage loses no record, however late it reaches accounting, and never moves back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaozi.engines.slurm import cursor as reading
from jiaozi.engines.slurm.cursor import OVERLAP_S, Cursor, Found
from jiaozi.order.ports import UnableToReadUsage

DAY_S = 86_400
LATE_DAYS = 5
T0 = 20_000 * DAY_S


def _read_all(cursor, accounting, *, page, now_s, cut_s=None):
    """Read to the end as the engine does, one sweep step at the end; give what came."""
    came = []
    for _ in range(10_000):
        present = [each for each in accounting if cut_s is None or each.end_s <= cut_s]
        given_, cursor, more = reading.forward(cursor, present, page=page)
        came += given_
        cursor = reading.read(reading.write(cursor))
        if not more:
            break
    if cursor.upto_s:
        day = reading.next_day(cursor, late_days=LATE_DAYS)
        start_s, end_s = reading.day_span_s(day)
        of_day = [each for each in accounting if start_s <= each.end_s <= end_s]
        late, cursor = reading.sweep(cursor, day, of_day, now_s=now_s, late_days=LATE_DAYS)
        came += late
    return came, reading.read(reading.write(cursor))


arrivals = st.lists(
    st.tuples(st.integers(0, 3 * DAY_S), st.integers(0, 2 * DAY_S)), max_size=40
)  # when it ended, how late accounting has it


@settings(max_examples=40)
@given(arrivals=arrivals, every_s=st.sampled_from([1_800, 7 * 3_600]), page=st.integers(1, 7))
def test_every_record_comes_however_late(arrivals, every_s, page):
    records = [(Found(f"r{n}", T0 + end_s), T0 + end_s + late_s) for n, (end_s, late_s) in enumerate(arrivals)]
    # a busy centre: something ends all the time, so that the forward reading moves on
    pulse = [(Found(f"p{s}", T0 + s), T0 + s) for s in range(0, 8 * DAY_S, 6 * 3_600)]
    came, cursor, now_s = [], Cursor(), T0
    for step in range(8 * DAY_S // every_s + LATE_DAYS + 2):
        now_s = T0 + step * every_s
        there = [record for record, at in records + pulse if at <= now_s]
        some, cursor = _read_all(cursor, there, page=page, now_s=now_s)
        came += some
    for _ in range(2 * LATE_DAYS + 2):  # the sweep goes around
        some, cursor = _read_all(cursor, [record for record, _ in records + pulse], page=page, now_s=now_s)
        came += some
    assert {each.record_id for each in came} >= {record.record_id for record, _ in records}


@given(ends=st.lists(st.integers(0, 5_000), max_size=60), page=st.integers(1, 9))
def test_what_is_in_time_comes_exactly_once(ends, page):
    records = [Found(f"r{n}", T0 + end_s) for n, end_s in enumerate(ends)]
    came, cursor = _read_all(Cursor(), records, page=page, now_s=T0)
    again, cursor = _read_all(cursor, records, page=page, now_s=T0 + 60)
    assert sorted(each.record_id for each in came) == sorted(each.record_id for each in records)
    assert again == []


def test_a_record_a_little_late_comes_with_the_next_reading():
    early, late = Found("a", T0), Found("b", T0 - OVERLAP_S + 1)
    came, cursor = _read_all(Cursor(), [early], page=10, now_s=T0)
    then, _ = _read_all(cursor, [late, early], page=10, now_s=T0 + 5)
    assert (came, then) == ([early], [late])


def test_a_cursor_stays_small():
    records = [Found(f"r{n}", T0 + n) for n in range(0, 40 * DAY_S, 60)]
    cursor = Cursor()
    for first in range(0, len(records), 1_000):
        _, cursor, _ = reading.forward(cursor, records[: first + 1_000], page=1_000)
    _, cursor = reading.sweep(cursor, 0, [], now_s=0, late_days=31)
    assert len(reading.write(cursor)) < 40_000
    assert len(cursor.seen) == 11


def test_a_cut_answer_moves_on():
    cursor, more = Cursor(), True
    _, cursor, more = reading.forward(cursor, [], page=5, cut_s=T0)
    assert (cursor.upto_s, more) == (T0, True)


@pytest.mark.parametrize(
    "text", ["7f00.123", "{}", "[]", '{"slurm":2}', '{"slurm":1,"upto":"x"}', "null", '{"slurm":1}']
)
def test_a_foreign_cursor_is_refused(text):
    with pytest.raises(UnableToReadUsage):
        reading.read(text)

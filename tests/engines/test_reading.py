"""Reading usage from an engine that lists everything: nothing is lost, nothing is given twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.engines import reading
from jiaozi.engines.reading import OVERLAP_MS, Cursor, Listed
from jiaozi.order.ports import UnableToReadUsage

# Each job: how much later than the one before it was submitted, by a clock of its own, and at which reading it ended.
jobs_lists = st.lists(
    st.tuples(st.integers(0, OVERLAP_MS), st.integers(-OVERLAP_MS // 2, OVERLAP_MS // 2), st.integers(0, 12)),
    max_size=30,
)


@given(jobs=jobs_lists, page=st.integers(1, 5), shown_per_reading=st.integers(1, 4), late=st.sets(st.integers(0, 40)))
def test_each_job_is_given_once_however_late_it_ends(jobs, page, shown_per_reading, late):
    at, made = 10**12, []
    for number, (step, skew, lasts) in enumerate(jobs):
        at += step
        made.append((f"job-{number}", at + skew, number // shown_per_reading + lasts))
    cursor, given_keys = Cursor(), []
    for turn in range(60):
        present = [
            Listed(key, ms, turn >= ends) for n, (key, ms, ends) in enumerate(made) if n // shown_per_reading <= turn
        ]
        more = True
        while more:
            giving, cursor, more = reading.advance(cursor, present, page=page)
            assert len(giving) <= page
            for each in giving:
                number = int(each.key.removeprefix("job-"))
                if number in late:  # its record can't be read at first
                    late.discard(number)
                    cursor, more = reading.postpone(cursor, each), False
                else:
                    given_keys.append(each.key)
            cursor = reading.read(reading.write(cursor))
    assert sorted(given_keys) == sorted(key for key, _, _ in made)


def test_the_cursor_holds_what_is_open_and_what_is_new_and_no_more():
    old = [Listed(f"old-{n}", n, True) for n in range(500)]
    new = [Listed(f"new-{n}", 3 * OVERLAP_MS, n > 5) for n in range(10)]
    giving, cursor, _ = reading.advance(Cursor(), old + new, page=1_000)
    assert (len(giving), len(cursor.given), len(cursor.open)) == (504, 4, 6)
    assert len(reading.settled(cursor, old + new)) == 504
    assert reading.settled(Cursor(), old + new) == []


def test_a_job_that_left_the_list_leaves_the_cursor():
    live = [Listed("a", 1, False)]
    _, cursor, _ = reading.advance(Cursor(), live, page=10)
    assert len(cursor.open) == 1
    _, cursor, _ = reading.advance(cursor, [], page=10)
    assert not cursor.open


@pytest.mark.parametrize("text", ["x", "{}", "[]", '{"list":2}', '{"list":1,"upto":"y","given":[],"open":[]}', "5"])
def test_a_foreign_cursor_is_refused(text):
    with pytest.raises(UnableToReadUsage):
        reading.read(text)

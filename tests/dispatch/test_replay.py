"""A replay runs every job once, never overfills a centre, and interconnection can only help FCFS's first in line."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from jiaozi.cli.dispatch import app
from jiaozi.dispatch.rules import UnableToPlace
from jiaozi.dispatch.rules.replay import Centre, Job, Policy, home, play, playing, read_trace

CHEAP, DEAR = Centre("a", 8, 10_000_000), Centre("b", 8, 20_000_000)


def job(number, submit=0, run=100, limit=None, units=1, *, user="u", **more):
    figures = {"per_node": 1, "properties": frozenset()} | more
    return Job(number, submit, run, limit or run, units, user, **figures)


jobs = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 300), st.integers(0, 300), st.integers(1, 8), st.sampled_from("uvw")),
    min_size=1,
    max_size=25,
).map(
    lambda rows: sorted(
        (job(n, submit, run, run + more, units, user=user) for n, (submit, run, more, units, user) in enumerate(rows)),
        key=lambda each: (each.submit_s, each.number),
    )
)


@given(jobs, st.sampled_from(Policy), st.booleans())
def test_every_job_runs_once_and_no_centre_is_overfull(trace, policy, isolated):
    seen = []
    kept = playing._Play.start

    def start(self, one, at, now):
        kept(self, one, at, now)
        assert now >= one.submit_s
        assert self.pools[at].free >= 0
        seen.append(one.number)

    playing._Play.start = start
    try:
        result = play(trace, [CHEAP, DEAR], policy, isolated=isolated)
    finally:
        playing._Play.start = kept
    assert sorted(seen) == sorted(each.number for each in trace)
    assert result.slowdown >= 1
    assert 0 <= result.use <= 1


def test_easy_lets_a_short_job_pass_and_keeps_the_heads_start():
    trace = [job(1, 0, 100, units=6), job(2, 1, 100, units=8), job(3, 2, 90, units=2), job(4, 3, 500, units=2)]
    one = [CHEAP]
    assert play(trace, one, Policy.FCFS).wait_s == pytest.approx((0 + 99 + 198 + 197) / 4)
    assert play(trace, one, Policy.EASY).wait_s == pytest.approx((0 + 99 + 0 + 197) / 4)


def test_cheapest_queues_where_the_house_spreads():
    trace = [job(n, 0, 1_000, units=8) for n in range(2)]
    assert play(trace, [CHEAP, DEAR], Policy.CHEAPEST).wait_s == 500
    assert play(trace, [CHEAP, DEAR], Policy.ROLLING).wait_s == 0


def test_a_short_wait_for_a_cheaper_centre_is_taken():
    trace = [job(1, 0, 10, units=8), job(2, 1, 5_000, units=8)]
    found = play(trace, [CHEAP, DEAR], Policy.ROLLING)
    assert found.cost_fen == 8 * 5_010 * 10 // 3_600
    assert found.wait_s == pytest.approx(9 / 2)


def test_clusters_named_by_a_job_and_large_nodes_are_kept():
    named = job(1, properties=frozenset({"cl_b"}))
    assert playing.eligible(named, [CHEAP, DEAR]) == (1,)
    assert playing.eligible(job(1, units=8, per_node=8), [Centre("s", 8, 1, 4), DEAR]) == (1,)
    with pytest.raises(UnableToPlace, match="line 1"):
        play([job(1, units=9)], [CHEAP, DEAR], Policy.EASY)


def test_home_is_the_users_own_every_time():
    assert len({home(job(n, user="x"), (0, 1), [CHEAP, DEAR]) for n in range(9)}) == 1


LINE = "{} {} 5 60 4 1 -1 4 {} -1 1 7 1 1 -1 1 1 1"


def test_trace_is_read_with_or_without_the_extra_columns():
    read = read_trace(
        ["; UnixStartTime: 0", LINE.format(1, 9, 30) + " {3,3} q 1:ppn=4:cl_a#excl", LINE.format(2, 3, -1)]
    )
    assert [(each.submit_s, each.run_s, each.limit_s) for each in read] == [(3, 60, 60), (9, 30, 30)]
    assert read[1].properties == {"cl_a", "excl"}
    assert read[1].per_node == 4


@pytest.mark.parametrize(
    "line", ["1 2 3", LINE.format(1, "x", 30), LINE.format(1, 10**12, 30), LINE.format(1, "inf", 30)]
)
def test_a_bad_line_is_named(line):
    with pytest.raises(UnableToPlace, match="line 1"):
        read_trace([line])


def test_command_plays_a_gzipped_trace(tmp_path):
    path = tmp_path / "t.swf.gz"
    with gzip.open(path, "wt") as trace:
        trace.write("\n".join(LINE.format(n, n, 90) for n in range(20)))
    ran = CliRunner().invoke(app, ["replay", str(path), "--centre", "a=8/4@0.10", "--centre", "b=8@0.20", "--json"])
    found = json.loads(ran.output)
    assert [each["policy"] for each in found] == [each.value for each in Policy] * 2
    assert all(each["jobs"] == 20 for each in found)
    wrong = CliRunner().invoke(app, ["replay", str(path), "--centre", "a=8"])
    assert wrong.exit_code == 1
    assert "name=1600/80@0.15" in str(wrong.exception)

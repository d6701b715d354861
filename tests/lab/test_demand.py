"""Demand: the same from the same seed, what the scenario states on average, and every fen of a trace or file."""

from __future__ import annotations

import numpy as np
import pytest

from jiaozi.lab import rules
from jiaozi.lab.rules.drawing import drawn
from jiaozi.lab.rules.running import Sources, demand_of
from jiaozi.lab.rules.tracing import spending
from jiaozi.metering.rules import swf

from .scenarios import small, sources

TRACE = """\
; UnixStartTime: 1000000
1 0 10 3600 4 -1 -1 4 -1 -1 1 7 1 1 1 -1 -1 -1
2 90000 0 7200 2 -1 -1 2 -1 -1 1 7 1 1 1 -1 -1 -1
3 700000 0 1800 8 -1 -1 8 -1 -1 1 9 1 1 1 -1 -1 -1
4 700000 0 0 8 -1 -1 8 -1 -1 0 9 1 1 1 -1 -1 -1
5 3000000 0 3600 1 -1 -1 1 -1 -1 1 9 1 1 1 -1 -1 -1
"""
BY_TRACE = {
    "demand": """\
  trace: {path: t.swf, class: school, every_days: 30, repeat: 2, holders: 40, asks: {from: 100%, mode: 100%, to: 100%}}
""",
    "use": "",
    "sizes": "{small: {zh: 小, en: small, to: 1元}, large: {zh: 大, en: large}}",
}
PAST = """\
on,who,kind,size,need,served
2025-01-05,a,firm,small,1万,true
2025-02-05,a,firm,small,2万,true
2025-03-01,b,school,large,30万,false
2026-01-05,b,school,large,99万,false
"""
BY_FILE = {
    "demand": """\
  file:
    {path: p.csv, first: 2025-01-01, date: on, holder: who, class: kind, size: size, cost: need, attributes: [served]}
"""
}


def generated(seed: int, **parts: str):
    read = rules.read(small(**parts))
    return read.scenario, demand_of(read, sources(read), seed)


def test_one_seed_gives_one_demand():
    (_one, first), (_two, again), (_three, other) = generated(3), generated(3), generated(4)
    for name in ("day", "holder", "cost_fen", "bought_fen", "bought_after"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert first.count != other.count or not np.array_equal(first.cost_fen, other.cost_fen)


def test_demand_is_what_the_scenario_states():
    groups = """\
  generated:
    groups:
      - class: firm
        size: small
        holders: 20000
        applications: 1.5
        cost: {median: 20万, spread: 3, most: 1000万}
        attributes: {served: 80%}
    arrivals: {months: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3], rush: {share: 10%, days: 5}}"""
    _scenario, demand = generated(1, demand=groups, years="2")
    assert demand.count == pytest.approx(2 * 20_000 * 1.5, rel=0.02)
    assert len(np.unique(demand.holder)) == 20_000
    assert np.median(demand.cost_fen) == pytest.approx(20_000_000, rel=0.03)
    inside = (demand.cost_fen >= 20_000_000 / 3) & (demand.cost_fen <= 60_000_000)
    assert inside.mean() == pytest.approx(0.68, abs=0.02)
    assert demand.cost_fen.max() <= 10**9
    assert demand.attributes["served"].values.mean() == pytest.approx(0.8, abs=0.02)
    day = demand.day % 365
    assert (day < 5).mean() == pytest.approx(0.1, abs=0.02)
    assert ((day >= 334) & (day < 365)).mean() == pytest.approx(0.9 * 0.75, abs=0.02)
    assert np.all(np.diff(demand.day) >= 0)
    assert demand.day.min() >= 0
    assert demand.day.max() < 730
    bought = demand.bought_fen.sum(axis=1) / demand.cost_fen
    assert (bought == 0).mean() == pytest.approx(0.1, abs=0.02)
    assert bought.max() <= 1.21
    assert np.all(np.diff(demand.bought_after, axis=1) >= 0)


def test_an_attribute_is_the_holders_own_and_absent_where_its_group_has_none():
    groups = """\
  generated:
    groups:
      - class: firm
        size: small
        holders: 50
        applications: 4
        cost: {median: 1万}
        attributes: {level: {choice: {a: 50%, b: 50%}}}
      - {class: school, size: large, holders: 5, cost: {median: 1万}}"""
    _scenario, demand = generated(1, demand=groups)
    level = demand.attributes["level"]
    assert {*level.words} == {"a", "b"}
    assert not level.given[demand.kind == 1].any()
    assert level.given[demand.kind == 0].all()
    for holder in range(50):
        assert len(np.unique(level.values[demand.holder == holder])) == 1


def trace_sources(read: rules.Read) -> Sources:
    found = swf.read(TRACE.splitlines())
    jobs, bad = found.entries, found.bad
    assert not bad
    spent = spending(jobs, read.scenario.demand.trace, read.scenario.price.core_hour)
    there = sources(read)
    return Sources(there.texts, there.documents, spending=spent)


def test_a_trace_spends_what_its_jobs_cost():
    read = rules.read(small(**BY_TRACE))
    there = trace_sources(read)
    core_hours = (3600 * 4 + 7200 * 2 + 1800 * 8 + 3600) / 3600
    assert there.spending.spent_fen.sum() == round(core_hours * 15)
    assert there.spending.users == 2
    demand = demand_of(read, there, 1)
    assert np.array_equal(demand.cost_fen, demand.bought_fen.sum(axis=1))
    assert demand.holders == 40
    spans = {(int(day), int(fen)) for day, fen in zip(demand.day, demand.cost_fen, strict=True)}
    assert spans == {(0, 120), (0, 60), (30, 15), (60, 120), (60, 60), (90, 15)}


def test_a_file_brings_its_holders_with_all_that_they_did():
    read = rules.read(small(**BY_FILE))
    past = rules.read_applications(read.scenario, read.scenario.demand.file, PAST)
    assert (past.day.tolist(), past.cost_fen.tolist()) == ([4, 35, 59], [10**6, 2 * 10**6, 3 * 10**7])
    there = sources(read)
    demand = demand_of(read, Sources(there.texts, there.documents, past=past), 2)
    for holder in range(demand.holders):
        mine = demand.cost_fen[demand.holder == holder].tolist()
        assert mine in ([10**6, 2 * 10**6], [3 * 10**7])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2025-13-01,a,firm,small,1万,true", "line 2, on: '2025-13-01' is no date"),
        ("2025-01-01,a,farm,small,1万,true", "line 2, kind: 'farm' is none of firm, school"),
        ("2025-01-01,a,firm,small,much,true", "line 2, need: 'much' is no amount"),
        ("2025-01-01,a,firm", "line 2, on: this line has too few fields"),
        ("2031-01-01,a,firm,small,1万,true", "line 2, on: there is no application"),
    ],
)
def test_a_bad_line_of_a_file_is_named(line, says):
    read = rules.read(small(**BY_FILE))
    with pytest.raises(rules.UnableToReadApplications, match=says):
        rules.read_applications(read.scenario, read.scenario.demand.file, PAST.splitlines()[0] + "\n" + line + "\n")


def test_a_missing_column_of_a_file_is_named():
    read = rules.read(small(**BY_FILE))
    with pytest.raises(
        rules.UnableToReadApplications, match="line 1, need: there is no such column; there is: on, who"
    ):
        rules.read_applications(read.scenario, read.scenario.demand.file, "on,who,kind,size,served\n")


def test_holders_are_drawn_with_all_their_rows():
    holder = np.array([1, 0, 1, 2, 1])
    rows, new = drawn(np.random.default_rng(1), holder, 3, 500)
    for one in range(500):
        mine = rows[new == one]
        assert sorted(mine.tolist()) in ([1], [0, 2, 4], [3])

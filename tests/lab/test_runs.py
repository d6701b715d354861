"""Kept runs: asked for within bounds, played once with progress, stopped in time; no scenario names a file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from jiaozi.kernel.refusal import Refused
from jiaozi.lab import queries
from jiaozi.lab.models import LabFile, LabRun
from jiaozi.lab.rules import UnableToReadScenario
from jiaozi.lab.rules.keeping import LIMIT, LOST_AFTER, UNFINISHED_MAX, RunState, UnableToPlay, is_lost
from jiaozi.lab.services import runs
from tests.lab.scenario_of_a_page import TEXT
from tests.world import CENTRE_CLERK, OFFICER, PROGRAMME, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return build()


def ask(world, text=TEXT, by=OFFICER):
    return runs.ask(programme=PROGRAMME, text=text, by=by, now=world.now)


def test_played_once_with_its_files(world) -> None:
    row = ask(world)
    assert (row.state, row.seeds) == (RunState.QUEUED, 2)
    row = runs.play(run_id=row.id, clock=lambda: world.now)
    assert (row.state, row.message_zh) == (RunState.DONE, "")
    assert row.done == row.steps > 0
    names = [name for name, _ in queries.files_of(row.id)]
    assert {"report.html", "result.json"} <= set(names)
    assert json.loads(queries.content(row.id, "result.json"))
    assert "比例减半" in queries.content(row.id, "report.html").decode()
    before = list(LabFile.objects.values_list("id", flat=True))
    runs.play(run_id=row.id, clock=lambda: world.now)
    assert list(LabFile.objects.values_list("id", flat=True)) == before


def test_stopped_after_its_time(world) -> None:
    row = ask(world)
    instants = iter([world.now, *[world.now + LIMIT + timedelta(seconds=1)] * 100])
    row = runs.play(run_id=row.id, clock=lambda: next(instants))
    assert row.state == RunState.FAILED
    assert "已停止" in row.message_zh
    assert not queries.files_of(row.id)


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("document: in-force", "document: ../../../etc/passwd", "document:", "没有版本"),
        ("holders: 20", "holders: 1900000", "generated:", "件次决定"),
        ("seeds: {first: 1, count: 2}", "seeds: {first: 1, count: two}", "seeds:", ""),
    ],
)
def test_what_is_wrong_is_named_by_its_line(world, old, new, place, says) -> None:
    with pytest.raises(UnableToReadScenario) as refused:
        ask(world, TEXT.replace(old, new))
    first = refused.value.problems[0]
    line = next(number for number, each in enumerate(TEXT.splitlines(), 1) if place in each)
    assert first.line in {line, line + 1}
    assert says in first.zh
    assert not LabRun.objects.exists()


def test_no_file_is_read(world) -> None:
    text = TEXT[: TEXT.index("  generated:")] + (
        "  file: {path: /etc/passwd, first: 2024-01-01, date: d, holder: h, cost: c}\n" + TEXT[TEXT.index("use:") :]
    )
    with pytest.raises(UnableToReadScenario, match="generated"):
        ask(world, text)


def test_bounded_in_number_and_kept_to_the_programme(world) -> None:
    for _ in range(UNFINISHED_MAX):
        ask(world)
    with pytest.raises(UnableToPlay):
        ask(world)
    with pytest.raises(UnableToPlay):
        ask(world, by=CENTRE_CLERK)
    with pytest.raises(Refused, match="elsewhere"):
        ask(world, by=replace(OFFICER, programme="elsewhere-2026"))


def test_a_run_whose_worker_died_is_lost_and_one_that_waits_is_not(world) -> None:
    long_ago = world.now - LOST_AFTER - timedelta(seconds=1)
    assert is_lost(RunState.RUNNING, long_ago, world.now)
    assert not is_lost(RunState.QUEUED, None, world.now)
    assert not is_lost(RunState.DONE, long_ago, world.now)

"""The policy lab: applications decided a second, and a year of a million applicants against three versions.

The machine's other work shows in the wall clock and not in the processor's own time, so both are told.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress

from benchmarks.row import Row, rates
from jiaozi.lab import rules, services
from jiaozi.lab.rules.facts import lay_out
from jiaozi.lab.rules.playing import play
from jiaozi.lab.rules.running import demand_of
from jiaozi.policy.rules.many import weigh

ROUNDS = 3
TARGET_PER_S = 200_000
SECONDS_MAX, BYTES_MAX = 30, 2 * 10**9
SCENARIO = Path(__file__).parent / "lab_million.yaml"


def _decided() -> Row:
    """Lay out, weigh and play the first version's year of a million applications."""
    text = SCENARIO.read_text(encoding="utf-8")
    read = rules.read(text)
    version = read.scenario.versions[0]
    document = (SCENARIO.parent / version.document).read_text(encoding="utf-8")
    sources = rules.Sources([document], [rules.changed_document(read, 0, document)])
    demand = demand_of(read, sources, 1)
    wall, cpu = [], []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        made = weigh(sources.documents[0], lay_out(read, 0, sources.documents[0], demand), allow_demo=True)
        play(made)
        wall.append(demand.count / (time.perf_counter() - began))
        cpu.append(demand.count / (time.process_time() - worked))
    figure = f"{rates(wall)}; of processor time {median(cpu):,.0f}/s"
    measure = "lab: applicant-decisions, all clauses, caps in order"
    return Row(measure, figure, "", f"≥ {TARGET_PER_S:,}/s", median(wall) >= TARGET_PER_S)


def _year(answer: Connection, folder: str) -> None:
    """Run the whole scenario, report and all, in a process of its own, so that its peak of memory is its own."""
    with Progress() as bar:
        task = bar.add_task("lab")
        began, worked = time.perf_counter(), time.process_time()
        result = services.run(
            scenario=SCENARIO,
            out=Path(folder),
            seeds=None,
            now=datetime(2026, 11, 25, tzinfo=UTC),
            told=lambda what, done, steps: bar.update(task, description=what, completed=done, total=steps),
        )
        took = (time.perf_counter() - began, time.process_time() - worked)
    answer.send((*took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, result.decisions, result.slow))


def _million() -> Row:
    mine, theirs = multiprocessing.Pipe()
    with TemporaryDirectory() as folder:
        process = multiprocessing.get_context("spawn").Process(target=_year, args=(theirs, folder))
        process.start()
        theirs.close()  # so that a child that failed ends the wait
        wall_s, cpu_s, peak, decisions, slow = mine.recv()
        process.join()
    return Row(
        f"lab: {decisions:,} decisions over three versions, use and report included",
        f"{wall_s:.1f} s, of processor time {cpu_s:.1f} s, peak {peak / 1e9:.2f} GB, {slow:,} one by one",
        "",
        f"≤ {SECONDS_MAX} s, ≤ 2 GB",
        wall_s <= SECONDS_MAX and peak <= BYTES_MAX,
    )


def run(console: Console) -> list[Row]:
    """Measure both."""
    rows = []
    for measured in (_decided, _million):
        rows.append(measured())
        console.log(f"lab: {rows[-1].measure}: {rows[-1].figure}")
    return rows

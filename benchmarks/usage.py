"""A real trace's size: 17,900 jobs read, rated, captured and posted, each with two transfers.

``TRACE=file.swf.gz`` in the environment names a trace; without it a made one of the same size and shape is imported.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from rich.console import Console

from benchmarks.row import Row
from jiaozi.kernel.clock import now
from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from tests.world import CENTRE, OPERATOR, PROGRAMME, World, build

JOBS, USERS, HOLDERS = 17_900, 75, 40
ROUNDS = 3
TARGET_S = 2.0


def _made() -> Iterator[str]:
    """Give a trace's lines: many short jobs, some long and wide, by a simple sequence without chance."""
    for job in range(JOBS):
        run, width = 60 + job * 7_919 % 86_400, 1 << job * 31 % 7
        yield (
            f"{job} {1_357_000_000 + job * 430} {job % 900} {run} {width} 1 1024 {width} 86400 -1 1"
            f" {job * 13 % USERS} 1 1 -1 1 1 1 {{{','.join(['1241'] * width)}}} q_1d 1:ppn={width}"
        )


def _world() -> World:
    world = build(now())
    for number in range(HOLDERS):
        holder = world.holder(f"企业{number}", serial=1_000 + number)
        world.credit(holder, "100万")
        world.voucher(holder, "40万")
    return world


def run(console: Console) -> list[Row]:
    """Import the trace under a new name in every round; the first round meets empty tables."""
    named = os.environ.get("TRACE", "")
    world = _world()
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(named) if named else Path(folder, "made.swf")
        if not named:
            path.write_text("\n".join(_made()), encoding="utf-8")
        for turn in range(ROUNDS):
            began = time.perf_counter()
            found = metering.import_swf(
                path=path,
                centre=CENTRE,
                programme=PROGRAMME,
                accounts=None,
                by=OPERATOR,
                now=world.now,
                trace=f"round-{turn + 1}",
            )
            seconds.append(time.perf_counter() - began)
            console.log(f"usage: round {turn + 1} of {ROUNDS}: {seconds[-1]:.2f} s, {found.captured:,} captured")
    if findings := queries.audit() + ledger.audit():
        raise RuntimeError(f"the audit after the benchmark: {findings[0]}")
    text = f"{median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})"
    name = f"import, rate, capture {found.jobs:,} jobs"
    return [
        Row(name, text, f"{found.jobs / median(seconds):,.0f} jobs/s", f"< {TARGET_S:g} s", median(seconds) < TARGET_S)
    ]

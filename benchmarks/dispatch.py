"""Dispatch: a quote at 200 centres, plans of three sizes with their gaps, and a real trace where one is named.

``TRACE=file.swf.gz`` names a trace; ``CENTRES="a=1600/80@0.15 b=576/12@0.12"`` the machines that it ran on; without
them two pools are made that the trace nearly fills.
"""

from __future__ import annotations

import gzip
import os
import resource
import time
from pathlib import Path
from random import Random

from rich.console import Console

from benchmarks.row import Row, percentile
from jiaozi.catalogue.rules import Tier
from jiaozi.cli.dispatch import centre_of
from jiaozi.dispatch.rules import Block, Board, Horizon, Request, board, plan, quote
from jiaozi.dispatch.rules.replay import Centre, Job, Policy, play, read_trace
from tests.dispatch.made import HOUR, linked, offer, request

QUOTES = 1_000
PLACES = 20
TIERS = list(Tier)


def _market(centres: int, blocks: int, units: int) -> Board:
    chance = Random(3)
    offers = []
    for number in range(centres):
        room = int(chance.uniform(0.3, 1.7) * units / centres)
        free = tuple(Block(hour * HOUR, (hour + 1) * HOUR, room) for hour in range(blocks))
        offers.append(
            offer(f"c{number:03}", TIERS[number % 4], chance.randint(8, 30), units_max=10**6, free=free, queue_wait_s=0)
        )
    links = (
        (
            f"p{place}",
            f"c{number:03}",
            {"price_per_gb_ufen": chance.randint(0, 10) * 10**5, "rtt_us": 1_000 * chance.randint(1, 20)},
        )
        for place in range(PLACES)
        for number in range(centres)
    )
    return board(offers, linked(*links))


def _requests(count: int, blocks: int) -> list[Request]:
    chance = Random(4)
    return [
        request(
            id=f"r{number:07}",
            units=1 << chance.randint(0, 6),
            duration_s=(chance.randint(1, 4) if blocks > 1 else 1) * HOUR,
            earliest_s=chance.randint(0, blocks // 2) * HOUR,
            data_at=f"p{chance.randint(0, PLACES - 1)}",
            data_bytes=1 + int(chance.expovariate(1 / 40) * 10**9),
            wait_fen_per_hour=chance.randint(0, 200),
        )
        for number in range(count)
    ]


def _quotes() -> Row:
    market = _market(200, 24, 200_000)
    asked = [
        request(
            units=1 + number % 400,
            duration_s=HOUR * (1 + number % 4),
            data_at="p1",
            data_bytes=number * 10**8,
            latency_to="p2",
            latency_max_us=20_000 - number * 8,
            deadline_s=24 * HOUR,
            budget_fen=10_000 + 100 * number,
        )
        for number in range(QUOTES)
    ]
    taken = []
    for one in asked:
        began = time.perf_counter()
        quote(one, market)
        taken.append((time.perf_counter() - began) * 1_000)
    p99 = percentile(taken, 99)
    figure = f"p99 {p99:.2f} ms, median {percentile(taken, 50):.2f} ms"
    return Row("quote, 200 centres × 24 blocks", figure, target="p99 ≤ 2 ms", met=p99 <= 2)


def _plan(count: int, centres: int, blocks: int, seconds: float, gap: float | None) -> Row:
    asked = _requests(count, blocks)
    used = sum(each.units * each.duration_s for each in asked) / HOUR
    market = _market(centres, blocks, int(used * 1.15 / blocks))
    began = time.perf_counter()
    made = plan(asked, market, Horizon(0, HOUR, blocks))
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
    return Row(
        f"plan {count:,} requests × {centres} centres × {blocks} blocks",
        f"{took:.1f} s, gap {made.gap:.4%}, {len(made.unplaced):,} unplaced, peak {memory:.1f} GB",
        target=f"≤ {seconds:g} s, ≤ 4 GB" + (f", gap ≤ {gap:.1%}" if gap else ", gap stated"),
        met=took <= seconds and (gap is None or made.gap <= gap) and memory <= 4,
    )


def _replays(path: Path) -> list[Row]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        jobs = read_trace(lines)
    if named := os.environ.get("CENTRES", ""):
        return _rows(jobs, [centre_of(each) for each in named.split()])
    widest = max(each.units for each in jobs)
    span_s = max(1, jobs[-1].submit_s - jobs[0].submit_s)
    cores = max(widest, int(sum(each.units * each.run_s for each in jobs) / span_s * 0.75))
    return _rows(jobs, [Centre("a", cores, 15_000_000), Centre("b", max(widest, cores // 2), 12_000_000)])


def _rows(jobs: list[Job], centres: list[Centre]) -> list[Row]:
    began = time.perf_counter()
    easy, ours = (play(jobs, centres, policy) for policy in (Policy.EASY, Policy.ROLLING))
    alone = play(jobs, centres, Policy.ROLLING, isolated=True)
    took = time.perf_counter() - began
    return [
        Row(
            f"replay {len(jobs):,} jobs, rolling against EASY",
            f"slowdown {ours.slowdown:.1f} / {easy.slowdown:.1f}, use {ours.use:.4f} / {easy.use:.4f}, "
            f"cost {ours.cost_fen / easy.cost_fen:.4f}",
            target="no worse, cost lower",
            met=ours.slowdown <= easy.slowdown and ours.use >= easy.use - 5e-5 and ours.cost_fen < easy.cost_fen,
        ),
        Row(
            "replay, centres interconnected against isolated",
            f"wait {ours.wait_s:,.0f} / {alone.wait_s:,.0f} s, {took:.0f} s for three replays",
            target="wait a tenth less, ≤ 60 s",
            met=ours.wait_s <= 0.9 * alone.wait_s and took <= 60,
        ),
    ]


def run(console: Console) -> list[Row]:
    """Quote, plan three sizes, replay."""
    rows = [_quotes()]
    for size in ((100_000, 200, 1, 10.0, 0.001), (1_000_000, 30, 1, 40.0, 0.001), (20_000, 50, 24, 30.0, None)):
        rows.append(_plan(*size))
        console.log(f"dispatch: {rows[-1].measure}: {rows[-1].figure}")
    if named := os.environ.get("TRACE", ""):
        rows += _replays(Path(named))
    return rows

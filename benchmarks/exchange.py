"""Exchange: a hundred thousand divisible orders at 8 hubs and 24 periods, beside OR-tools; books with minimums.

One processor does it all, so on a machine that others load the processor's seconds are the ones to compare.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from random import Random

from rich.console import Console

from benchmarks.row import Row
from jiaozi.exchange.rules import Book, Link, Order, Side, clear
from tests.exchange.made import book, welfare_by_flow

HUBS = tuple("abcdefgh")


def made(count: int, periods: int, minimums: float) -> Book:
    """Make a book whose bids and asks overlap widely, every pair of hubs linked."""
    chance = Random(5)
    links = [
        Link(one, other, chance.randint(0, 3_000), chance.randint(0, 40))
        for one in HUBS
        for other in HUBS
        if one != other
    ]
    rows = []
    for number in range(count):
        quantity = chance.randint(1, 200)
        least = chance.randint(1, quantity) if chance.random() < minimums else 0
        side, hub = chance.choice([Side.BID, Side.ASK]), chance.choice(HUBS)
        names = f"o{number:06}", f"p{number % 10_000}-{side}", side, "gpu", hub, f"h{number % periods}"
        rows.append(Order(*names, quantity, chance.randint(1, 2_000), least))
    return book(*rows, links=links, hubs=HUBS, periods=periods)


def _divisible(count: int, periods: int) -> Row:
    asked = made(count, periods, 0)
    began, worked = time.perf_counter(), time.process_time()
    found = clear(asked)
    took, work = time.perf_counter() - began, time.process_time() - worked
    began = time.perf_counter()
    theirs = sum(
        welfare_by_flow(
            replace(asked, orders=tuple(each for each in asked.orders if each.period == period.id)), forced=False
        )
        for period in asked.periods
    )
    beside = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000_000
    verdict = "exact" if found.welfare_fen == found.bound_fen == theirs else "NOT EXACT"
    return Row(
        f"clear {count:,} divisible orders × {len(HUBS)} hubs × {periods} periods",
        f"{took:.1f} s ({work:.1f} s of processor), {verdict}, peak {memory:.1f} GB; "
        f"OR-tools' flows alone {beside:.1f} s",
        target="≤ 10 s, exact",
        met=took <= 10 and verdict == "exact",
    )


def _minimums(count: int, periods: int, share: float) -> Row:
    asked = made(count, periods, share)
    began, worked = time.perf_counter(), time.process_time()
    found = clear(asked)
    took, work = time.perf_counter() - began, time.process_time() - worked
    proved = sum(each.finished for each in found.cleared)
    gaining = sum(code.would_gain for code in found.why.values())
    return Row(
        f"clear {count:,} orders × {len(HUBS)} hubs × {periods} periods, {share:.0%} with a minimum",
        f"{took:.1f} s ({work:.1f} s of processor), gap {found.gap_ppm} ppm, {proved} of {periods} proved best, "
        f"{sum(each.steps for each in found.cleared):,} steps, {gaining} left out though the price suits",
        target="gap stated",
    )


def run(console: Console) -> list[Row]:
    """Clear one divisible book and two with minimums."""
    rows = [_divisible(100_000, 24), _minimums(20_000, 24, 0.3), _minimums(1_200, 24, 0.8)]
    for row in rows:
        console.log(f"exchange: {row.measure}: {row.figure}")
    return rows

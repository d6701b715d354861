"""The watcher's whole cycle over a thousand orders on a real Slurm: asked, compared, brought on, journalled.

A cluster is brought up for it, as in the tests; without Slurm it says so and measures nothing. The orders are copies of
one that was quoted and held through the verbs, each with a real job: a cycle that moves all of them, some in which
nothing moves, and one in which all are found ended. It takes about a minute, most of it a thousand sbatch calls.
"""

from __future__ import annotations

import subprocess
import time
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.row import Row, percentile
from jiaozi.catalogue.models import Centre
from jiaozi.kernel.clock import now
from jiaozi.kernel.ids import new_id
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import ON_ENGINE, Request, State
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.spec import spec_of
from tests.engines.slurm.clusters import USER, Clusters, missing
from tests.world import CENTRE, World, build

ORDERS, IDLE_CYCLES, CLASS = 1_000, 20, "cpu-core"
LIMIT_MS = 7_200_000
SETTLED_WITHIN_S = 120.0
TARGET_S = 2.0


def run(console: Console) -> list[Row]:
    """Measure the three kinds of cycle on one cluster."""
    why = missing()
    if why:
        console.print(why)
        return []
    clusters = Clusters().up()
    try:
        return _cycles(_in_flight(build(now()), clusters), console)
    finally:
        clusters.down()


def _in_flight(world: World, clusters: Clusters) -> Any:
    """Bring the orders to where each has its job in Slurm's queue; gives the engine."""
    options = {
        "classes": {CLASS: {"partition": "work"}}, "folder": str(clusters.root / "jobs"), "user": USER,
        "become": ["runuser", "-u", USER, "--"], "conf": str(clusters.conf("aic")),
    }  # fmt: skip
    terms = {"engine_granularity_ms": 60_000, "kill_lag_ms": 35_000}
    Centre.objects.filter(id=CENTRE).update(connected=True, engine="slurm", engine_options=options, **terms)
    engine: Any = engine_of(Centre.objects.get(id=CENTRE))
    first = _held(world)
    rows = []
    for _ in range(ORDERS):
        copy = Order.objects.get(id=first.id)
        copy.pk, copy.state = new_id(), State.SUBMITTED
        copy.engine_job = str(engine.cluster.submit(engine.batch(spec_of(copy))))
        rows.append(copy)
    Order.objects.bulk_create(rows)
    return engine


def _held(world: World) -> Order:
    holder = world.holder("万单企业", serial=9_001)
    world.credit(holder)
    voucher = world.voucher(holder)
    command = ("sleep", "3600")
    request = Request(
        centre=CENTRE, resource_class=CLASS, units=1, memory_mib=16, time_limit_ms=LIMIT_MS, command=command
    )
    by = world.applicant(holder)
    row = order.quote(voucher_id=voucher.id, request=request, title="watched", by=by, now=now())
    row = order.hold(order_id=row.id, by=by, now=now())
    assert row.state == State.HELD, row.reason_en
    return row


def _cycles(engine: Any, console: Console) -> list[Row]:
    begun_s = _cycle(ORDERS)
    console.log(f"watcher: {ORDERS:,} orders began in one cycle of {begun_s:.2f} s")
    began = Order.objects.filter(state=State.RUNNING).count()
    idle_s = [_cycle(None) for _ in range(IDLE_CYCLES)]
    _cancel_all(engine)
    ended_s = _cycle(ORDERS)
    assert not Order.objects.filter(state__in=ON_ENGINE).exists()
    moving = f"{began} now running, {ORDERS - began} queued"
    return [
        _row(f"a cycle in which all {ORDERS:,} orders move: {moving}", f"{begun_s * 1000:.0f} ms", begun_s),
        _row(f"a cycle in which all {ORDERS:,} orders are found ended", f"{ended_s * 1000:.0f} ms", ended_s),
        _row(
            f"a cycle in which nothing moves, {IDLE_CYCLES} of them",
            f"{median(idle_s) * 1000:.0f} ms, p95 {percentile(idle_s, 95) * 1000:.0f} ms",
            percentile(idle_s, 95),
        ),
    ]


def _cycle(moves: int | None) -> float:
    """Time one cycle, which must move so many orders; None: only what Slurm itself began meanwhile."""
    began = time.perf_counter()
    moved = order.watch_all(now=now())
    seconds = time.perf_counter() - began
    assert moved == moves if moves is not None else moved < ORDERS // 10, f"{moved} orders moved"
    return seconds


def _cancel_all(engine: Any) -> None:
    """End all jobs by one call, and wait until Slurm says so of each."""
    words = [*engine.options.become, "env", f"SLURM_CONF={engine.options.conf}", "scancel", f"--user={USER}"]
    subprocess.run(words, check=True, capture_output=True, cwd="/", timeout=60)
    until = time.monotonic() + SETTLED_WITHIN_S
    while any(job.state != "CANCELLED" for job in engine.cluster.known()):
        assert time.monotonic() < until, "jobs that do not end"
        time.sleep(0.2)


def _row(what: str, figure: str, seconds: float) -> Row:
    return Row(f"watcher on a real Slurm: {what}", figure, "", f"< {TARGET_S:g} s", seconds < TARGET_S)

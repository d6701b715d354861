"""Slurm: what handing an order over costs beside bare sbatch, and a status call for a thousand orders in flight.

Real clusters are brought up for it, as in the tests; without Slurm it says so and measures nothing. The measure of an
overrun waits for a real minute, so that it stands in the tests (``jiaozi centre check``) as well.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks.row import Row, percentile, ratios, spread
from jiaozi.engines.slurm import connect
from jiaozi.engines.slurm.commandline import _wishes
from jiaozi.engines.slurm.engine import SlurmEngine
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobSpec, JobState
from tests.engines import overrun
from tests.engines.slurm.clusters import FUNDED_ACCOUNT, FUNDED_USER, USER, Clusters, missing

ORDERS, CALLS = 1_000, 10
ROUNDS, JOBS_A_ROUND = 5, 10
OVERHEAD_TARGET, CYCLE_TARGET_S = 1.20, 2.0


def run(console: Console) -> list[Row]:
    """Measure all three on one cluster."""
    why = missing()
    if why:
        console.print(why)
        return []
    clusters = Clusters().up()
    try:
        engine = connect(
            {
                "classes": {"cpu": {"partition": "work"}},
                "folder": str(clusters.root / "jobs"),
                "user": USER,
                "become": ["runuser", "-u", USER, "--"],
                "conf": str(clusters.conf("aic")),
            }
        )
        assert isinstance(engine, SlurmEngine)
        funded = connect(
            {
                "classes": {"cpu": {"partition": "work"}},
                "folder": str(clusters.root / "jobs"),
                "user": FUNDED_USER,
                "account": FUNDED_ACCOUNT,
                "become": ["runuser", "-u", FUNDED_USER, "--"],
                "conf": str(clusters.conf("scc")),
                "cluster": "scc",
                "permit_key_file": str(clusters.permit_key),
                "gated": True,
            }
        )
        return [
            _submission(funded, "past a gate, which is asked by bare sbatch as well"),
            _submission(engine, "at its first attempt, as nearly every order"),
            _submission(engine, "looked for first, as after a crash", first_attempt=False),
            *_in_flight(engine),
            *_overrun(clusters),
        ]
    finally:
        clusters.down()


def _spec(*command: str, **limits: int) -> JobSpec:
    wanted = {"cores": 1, "memory_mib": 64, "time_limit_ms": 60_000, **limits}
    return JobSpec(order_id=new_id(), command=command, resource_class="cpu", **wanted)


def _submission(engine: SlurmEngine, how: str, *, first_attempt: bool = True) -> Row:
    """Interleave orders with bare sbatch of the same script; fewer jobs than cores, so that none waits.

    One that must be looked for has no target: it is asked again, and what counts is that it is never there twice.
    """
    ours, bare = [], []
    for _ in range(ROUNDS):
        batches = [engine.batch(_spec("true")) for _ in range(JOBS_A_ROUND)]
        began = time.perf_counter()
        for batch in batches:
            words = ["sbatch", "--parsable", *_wishes(batch)]
            before = [*engine.options.become, "env", f"SLURM_CONF={engine.options.conf}"]
            subprocess.run([*before, *words], input=batch.script, check=True, capture_output=True, cwd="/", timeout=60)
        bare.append((time.perf_counter() - began) / JOBS_A_ROUND)
        _settle(engine)
        specs = [_spec("true") for _ in range(JOBS_A_ROUND)]
        began = time.perf_counter()
        for spec in specs:
            engine.submit(spec, first_attempt=first_attempt)
        ours.append((time.perf_counter() - began) / JOBS_A_ROUND)
        _settle(engine)
    shares = ratios(ours, bare)
    return Row(
        f"hand an order to Slurm, {how}; beside bare sbatch",
        f"{median(ours) * 1000:.0f} ms beside {median(bare) * 1000:.0f} ms",
        spread(shares),
        f"≤ {OVERHEAD_TARGET:.2f}" if first_attempt else "",
        median(shares) <= OVERHEAD_TARGET if first_attempt else None,
    )


def _settle(engine: SlurmEngine) -> None:
    """Wait until nothing runs, so that neither side pays for the other's jobs."""
    while any(not job.end_s or job.state in {"PENDING", "RUNNING", "COMPLETING"} for job in engine.cluster.known()):
        time.sleep(0.1)


def _in_flight(engine: SlurmEngine) -> list[Row]:
    specs = [_spec("sleep", "3600", time_limit_ms=7_200_000) for _ in range(ORDERS)]
    began = time.perf_counter()
    for spec in specs:
        engine.cluster.submit(engine.batch(spec))
    filling_s = time.perf_counter() - began
    asked = []
    known = engine.cluster.known

    def counted():  # type: ignore[no-untyped-def]
        asked.append(1)
        return known()

    engine.cluster.known = counted  # type: ignore[method-assign]
    calls = []
    for _ in range(CALLS):
        began = time.perf_counter()
        found = engine.status([spec.order_id for spec in specs])
        calls.append(time.perf_counter() - began)
        assert len(found) == ORDERS
        assert not any(status.state is JobState.ENDED for status in found.values())
    assert len(asked) == CALLS
    worst = percentile(calls, 95)
    return [
        Row(
            f"status of {ORDERS:,} orders in flight, one call a cycle",
            f"{median(calls) * 1000:.0f} ms, p95 {worst * 1000:.0f} ms",
            "",
            f"≤ {CYCLE_TARGET_S:.0f} s",
            worst <= CYCLE_TARGET_S,
        ),
        Row(f"submit {ORDERS:,} jobs, one after the other", f"{ORDERS / filling_s:.0f}/s"),
    ]


def _overrun(clusters: Clusters) -> list[Row]:
    """Kill the platform in mid-run and see how long jobs live: one held by its script, one that only Slurm holds."""
    rows = []
    with TemporaryDirectory() as folder:
        options = {
            "classes": {"cpu": {"partition": "work"}}, "folder": str(clusters.root / "jobs"), "user": USER,
            "become": ["runuser", "-u", USER, "--"], "conf": str(clusters.conf("scc")),
        }  # fmt: skip
        engine = connect(options)
        held = _spec("sleep", "600")
        free = _spec("sleep", "600")
        _submit_and_be_killed(options, held, free, Path(folder))
        for what, spec in (("held by its script as well", held), ("that only Slurm holds", free)):
            while (status := engine.status([spec.order_id])[spec.order_id]).state is not JobState.ENDED:
                time.sleep(0.5)
            assert status.started_at
            assert status.ended_at
            past_s = (status.ended_at - status.started_at).total_seconds() - 60
            elapsed_ms = int((status.ended_at - status.started_at).total_seconds() * 1_000)
            fen = overrun.check(engine, limit_ms=60_000, elapsed_ms=elapsed_ms, units=spec.cores)
            hold_s = engine.kill_lag_ms / 1_000
            rows.append(
                Row(
                    f"past its limit of 60 s with the platform killed: a job {what}",
                    f"{past_s:.0f} s, {fen} fen at a fen a core-second, 0 fen past the hold",
                    "",
                    f"≤ {hold_s:.0f} s, which the hold covers",
                    past_s <= hold_s,
                )
            )
    return rows


def _submit_and_be_killed(options: dict[str, object], held: JobSpec, free: JobSpec, folder: Path) -> None:
    """Submit from a process of its own, and kill it with -9 while the jobs run."""
    import pickle
    import sys
    from dataclasses import replace

    given = folder / "given"
    engine = connect(options)
    bare = replace(engine.batch(free), script=b"#!/bin/bash\ntrap '' TERM\nwhile :; do sleep 1; done\n")
    given.write_bytes(pickle.dumps((options, held, bare)))
    code = (
        "import pickle, sys, time; from jiaozi.engines.slurm import connect\n"
        f"options, held, bare = pickle.load(open({str(given)!r}, 'rb')); engine = connect(options)\n"
        "engine.submit(held); engine.cluster.submit(bare); print('in', flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as platform:
        assert platform.stdout
        assert platform.stdout.readline() == "in\n"
        platform.kill()

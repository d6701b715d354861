"""Proof on the live cluster that the centre's gate and limits hold: jobs that must be refused, and jobs that run.

Each check is one line: what was tried, what came, whether that is right. A check tries the centre as a stranger would,
past the engine's own care: without a permit, with a changed one, with one used before, without the script's timer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from jiaozi.engines.slurm import permit
from jiaozi.engines.slurm.engine import SlurmEngine
from jiaozi.engines.slurm.ports import Batch
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import (
    JobOutcome,
    JobSpec,
    JobState,
    JobStatus,
    UnableToReachEngine,
    UnableToSubmit,
    UsageRecord,
)

_POLL_S = 0.5
_SETTLE_S = 60
_PAGES_MAX = 1_000
_SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing tried."""

    what_zh: str
    what_en: str
    well: bool
    found: str


def check(engine: SlurmEngine, resource_class: str, *, patience_s: int = 300) -> Iterator[Check]:
    """Try a centre; the slowest check waits for a job to overrun a minute.

    Parameters
    ----------
    patience_s
        How long a job may wait in the queue and run, all together, before a check counts as failed.
    """
    cards = 1 if engine.options.classes[resource_class].gres else 0

    def spec(*command: str) -> JobSpec:
        return JobSpec(
            order_id=new_id(), command=command, resource_class=resource_class, cores=1, cards=cards, memory_mib=64,
            time_limit_ms=60_000,
        )  # fmt: skip

    yield from _refusals(engine, spec)
    small = spec("true")
    engine.submit(small)
    overrun = spec("sleep", "600")
    batch = engine.batch(overrun)
    engine.cluster.submit(replace(batch, script=b"#!/bin/bash\ntrap '' TERM\nwhile :; do sleep 1; done\n"))
    record = _record(engine, small, patience_s)
    yield Check(
        "小作业计量", "a small job is billed",
        record is not None and record.units >= 1 and record.elapsed_ms >= _SECOND_MS,
        f"{record.units} × {record.elapsed_ms} ms" if record else "no record",
    )  # fmt: skip
    yield _stops(engine, overrun, patience_s)


def _refusals(engine: SlurmEngine, spec: Callable[..., JobSpec]) -> Iterator[Check]:
    funded = engine.batch(spec("true"))
    yield _refused(engine, replace(funded, comment="jiaozi"), "无许可", "no permit", "PERMIT_MISSING")
    longer = replace(funded, limit_min=funded.limit_min + 1)
    yield _refused(engine, longer, "超出许可时限", "longer than permitted", "NOT_AS_PERMITTED")
    forged = replace(funded, limit_min=2, comment=funded.comment.replace(";1;", ";2;"))
    yield _refused(engine, forged, "篡改许可", "a changed permit", "PERMIT_FORGED")
    old = permit.sign(
        funded,
        cluster=engine.options.cluster,
        key_file=engine.options.permit_key_file,
        expires_at=clock.now() - timedelta(seconds=1),
    )
    yield _refused(
        engine, replace(funded, comment=f"jiaozi permit={old}"), "过期许可", "an expired permit", "PERMIT_EXPIRED"
    )
    engine.cluster.submit(funded)
    yield _refused(engine, funded, "重复使用许可", "a permit used twice", "PERMIT_USED")


def _refused(engine: SlurmEngine, batch: Batch, zh: str, en: str, code: str) -> Check:
    """Try a job that must be refused; slurmrestd loses the gate's words; any of its refusals counts there."""
    try:
        number = engine.cluster.submit(batch)
    except UnableToSubmit as refused:
        found = refused.reason.code
        return Check(f"拒绝：{zh}", f"refused: {en}", found in {code, "GATE_REFUSED"}, found)
    except UnableToReachEngine as busy:  # the permit was seen in this very second
        return Check(f"拒绝：{zh}", f"refused: {en}", busy.reason.code == "PERMIT_BUSY", busy.reason.code)
    engine.cluster.cancel(number)
    return Check(f"拒绝：{zh}", f"refused: {en}", well=False, found=f"job {number} was accepted")


def _record(engine: SlurmEngine, spec: JobSpec, patience_s: int) -> UsageRecord | None:
    if _end(engine, spec, patience_s) is None:
        return None
    until = time.monotonic() + _SETTLE_S
    cursor = ""
    while time.monotonic() < until:
        for _ in range(_PAGES_MAX):
            page = engine.usage(cursor)
            cursor = page.cursor
            for record in page.records:
                if record.order_id == spec.order_id:
                    return record
            if not page.more:
                break
        time.sleep(_POLL_S)
    return None


def _stops(engine: SlurmEngine, spec: JobSpec, patience_s: int) -> Check:
    status = _end(engine, spec, patience_s)
    if status is None or status.started_at is None or status.ended_at is None:
        return Check(
            "超时作业被停止", "an overrunning job is stopped", well=False, found="it still runs, or never began"
        )
    past = status.ended_at - status.started_at - timedelta(milliseconds=spec.time_limit_ms)
    lag_ms = past // timedelta(milliseconds=1)
    well = status.outcome is JobOutcome.TIMED_OUT and lag_ms <= engine.kill_lag_ms
    return Check(
        "超时作业被停止", "an overrunning job is stopped", well,
        f"{lag_ms} ms past its limit, the hold covers {engine.kill_lag_ms} ms",
    )  # fmt: skip


def _end(engine: SlurmEngine, spec: JobSpec, patience_s: int) -> JobStatus | None:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        status = engine.status([spec.order_id]).get(spec.order_id)
        if status is not None and status.state is JobState.ENDED:
            return status
        time.sleep(_POLL_S)
    engine.cancel(spec.order_id)
    return None

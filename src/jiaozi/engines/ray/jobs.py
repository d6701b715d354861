"""What a job of Ray means to an order: its state, its outcome, its usage. Pure.

Ray's own start is when a job was handed over, so that waiting would be paid for as work. What counts is what the
wrapper reports, never more than Ray saw: no run is longer than from hand-over to end, nor than its limit allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from jiaozi.engines.ray.faults import last_line
from jiaozi.engines.ray.shapes import NAME_PREFIX, Job
from jiaozi.engines.ray.wrapper import MARK
from jiaozi.engines.sessions.dressing import read_saved
from jiaozi.kernel.label import Label
from jiaozi.order.ports import JobOutcome, JobState, JobStatus, Saved, UsageRecord

OVER = {"SUCCEEDED", "FAILED", "STOPPED"}
_NEVER_CAME = {"JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE"}
_RAYS_OWN = ("Running entrypoint for job ", "Runtime env is setting up.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the wrapper said of one job: when the command began, and how it ended once it has.

    ``started_ms`` is None for a command that never began. ``outcome`` is None while the end is not told. ``limit_ms``
    is the limit that an extension brought a session to, 0 without one.
    """

    started_ms: int | None = None
    elapsed_ms: int = 0
    outcome: JobOutcome | None = None
    code: int | None = None
    cpu_ms: int | None = None
    peak_mib: int | None = None
    limit_ms: int = 0


class WayIn(NamedTuple):
    """What a session's guard says of how it is reached."""

    node: str
    port: int
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the guard said of one session beside its report: the limits taken, the way in now, the files kept."""

    limits_ms: tuple[int, ...] = ()
    open: WayIn | None = None
    saved: Saved | None = None

    @property
    def limit_ms(self) -> int:
        """The longest limit that it took; 0 without an extension."""
        return max(self.limits_ms, default=0)


def order_of(job: Job) -> UUID | None:
    """Give the order that a job's name tells."""
    try:
        return UUID(job.name.removeprefix(NAME_PREFIX))
    except ValueError:
        return None


def report_in(log: str) -> Report:
    """Read what the wrapper wrote into a log. The last end counts: who forged an earlier one did not outlive it."""
    found = Report()
    for told in _marked(log):
        if "started" not in told:
            continue
        try:
            started, outcome = told["started"], told.get("outcome")
            found = Report(
                started_ms=int(started) if started is not None else None,
                elapsed_ms=max(0, int(told.get("elapsed", 0))),
                outcome=JobOutcome(outcome) if outcome else None,
                code=int(told["code"]) if "code" in told else None,
                cpu_ms=int(told["cpu"]) if "cpu" in told else None,
                peak_mib=int(told["peak"]) if "peak" in told else None,
            )
        except (ValueError, TypeError):
            continue
    return replace(found, limit_ms=told_in(log).limit_ms)


def told_in(log: str) -> Told:
    """Read what a session's guard wrote into a log, a line a change."""
    found = Told()
    for told in _marked(log):
        with suppress(ValueError, TypeError, KeyError):
            if "limit" in told:
                found = replace(found, limits_ms=(*found.limits_ms, int(told["limit"])))
            if "open" in told:
                way = told["open"]
                found = replace(
                    found, open=WayIn(str(way["node"]), int(way["port"]), str(way["user"])) if way else None
                )
            if "saved" in told:
                found = replace(found, saved=read_saved(json.dumps(told["saved"]).encode()))
    return found


def limit_of(job: Job) -> int:
    """Give the limit in ms that a job was handed over with."""
    return _whole(job.about.get("jiaozi_limit_ms"))


def told_of(job: Job, report: Report) -> Report:
    """Complete a report whose end is missing, by what Ray knows: the wrapper was killed with its node, or by Ray."""
    if report.outcome is not None or job.status not in OVER:
        return report
    outcome = JobOutcome.CANCELLED if job.status == "STOPPED" else JobOutcome.LOST
    if report.started_ms is None:
        return Report(outcome=JobOutcome.CANCELLED if job.status == "STOPPED" else JobOutcome.FAILED)
    return replace(report, elapsed_ms=max(0, (job.ended_ms or 0) - report.started_ms), outcome=outcome)


def lost(job: Job) -> Report:
    """Give the report of a job whose node took its log away: nobody can say what it used, so nothing is charged."""
    return Report(started_ms=job.ended_ms or job.submitted_ms, elapsed_ms=0, outcome=JobOutcome.LOST)


def status_of(order_id: UUID, job: Job, report: Report | None) -> JobStatus:
    """Read where a job stands; one that is over and whose report can't be read yet still counts as running.

    One that Ray gave a node runs once the wrapper has told its start: an order takes over when that was, once.
    """
    outcome, reason = None, None
    if job.status in OVER and not job.ran:
        outcome, reason = _never_ran(job)
    elif job.status in OVER and report is not None:
        outcome = report.outcome
        reason = _why(job, report)
    started_ms = report.started_ms if report is not None and job.ran else None
    ended_ms = job.ended_ms or job.submitted_ms
    if outcome is not None and started_ms is not None and report is not None:
        ended_ms = started_ms + report.elapsed_ms
    waits = _WAITS if job.status == "PENDING" else _STARTS if job.status == "RUNNING" and started_ms is None else None
    return JobStatus(
        order_id=order_id,
        engine_job=job.name,
        state=JobState.ENDED if outcome else JobState.QUEUED if waits else JobState.RUNNING,
        submitted_at=_at(job.submitted_ms),
        outcome=outcome,
        exit_code=report.code if outcome and report is not None and started_ms is not None else None,
        started_at=_at(started_ms) if started_ms is not None else None,
        ended_at=_at(ended_ms) if outcome else None,
        reason=waits or reason,
    )


def usage_of(engine: str, job: Job, report: Report, *, kill_lag_ms: int) -> UsageRecord | None:
    """Read what a job used; None for one whose command never began."""
    if report.started_ms is None or report.outcome is None or not job.ran:
        return None
    limit_ms = max(limit_of(job), report.limit_ms)
    seen_ms = max(0, (job.ended_ms or job.submitted_ms) - job.submitted_ms)
    elapsed_ms = min(report.elapsed_ms, seen_ms, limit_ms + kill_lag_ms if limit_ms else seen_ms)
    return UsageRecord(
        record_id=f"{engine}:{job.name}:{job.submitted_ms}",
        order_id=order_of(job),
        resource_class=job.about.get("jiaozi_class") or "unknown",
        units=max(1, _whole(job.about.get("jiaozi_units"))),
        started_at=_at(report.started_ms),
        ended_at=_at(report.started_ms + elapsed_ms),
        elapsed_ms=elapsed_ms,
        outcome=report.outcome,
        cpu_ms=report.cpu_ms,
        memory_peak_mib=report.peak_mib,
    )


def shown(log: str) -> str:
    """Give what the command printed, without what Ray and the wrapper wrote around it."""
    lines = log.split("\n")
    return "\n".join(line for line in lines if not line.startswith(MARK) and not any(own in line for own in _RAYS_OWN))


def _never_ran(job: Job) -> tuple[JobOutcome, Label]:
    if job.status == "STOPPED":
        return JobOutcome.CANCELLED, _LABELS[JobOutcome.CANCELLED]
    if job.error in _NEVER_CAME:
        return JobOutcome.CANCELLED, _NO_ROOM
    said = last_line(job.message)
    return JobOutcome.FAILED, Label(f"未能启动：{said}", f"it could not be started: {said}")


def _why(job: Job, report: Report) -> Label | None:
    if report.outcome is JobOutcome.FAILED and report.started_ms is None:
        said = last_line(shown(job.message)) if job.message else "?"
        return Label(f"未能启动：{said}", f"it could not be started: {said}")
    if report.outcome is JobOutcome.FAILED:
        return Label(f"程序以退出码{report.code}结束", f"the program ended with exit code {report.code}")
    return _LABELS.get(report.outcome) if report.outcome is not None else None


def _marked(log: str) -> Iterator[dict[str, Any]]:
    """Give the lines that only the guard writes."""
    for line in log.split("\n"):  # not splitlines: the mark is one of its boundaries
        if line.startswith(MARK):
            with suppress(ValueError):  # half a line: the node died while it was written
                told = json.loads(line[len(MARK) :])
                if isinstance(told, dict):
                    yield told


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _at(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


_WAITS = Label("排队中，等待集群资源", "waiting for the cluster's resources")
_STARTS = Label("集群已分配节点，正在启动", "it was given a node and is being started")
_NO_ROOM = Label(
    "在集群允许的等待时间内没有腾出资源，已撤回",
    "withdrawn: nothing became free within the time that the cluster lets a job wait",
)
_LABELS = {
    JobOutcome.TIMED_OUT: Label("达到运行时限，已停止", "stopped at its time limit"),
    JobOutcome.OUT_OF_MEMORY: Label("内存超出限额，已停止", "stopped because it needed more memory than ordered"),
    JobOutcome.CANCELLED: Label("已取消", "cancelled"),
    JobOutcome.LOST: Label("节点故障，作业中断", "its node failed"),
}

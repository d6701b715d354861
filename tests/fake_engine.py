"""An engine in memory that keeps order's port and does what a test tells it to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.order.ports import (
    Access,
    Capacity,
    EngineJob,
    Forecast,
    JobOutcome,
    JobSpec,
    JobState,
    JobStatus,
    Saved,
    UnableToExtend,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
    UsagePage,
    UsageRecord,
)


class FakeEngine:
    """Jobs move only when a test moves them."""

    name = "fake"
    granularity_ms = 1000
    kill_lag_ms = 2000

    def __init__(self) -> None:
        self.jobs: dict[UUID, JobStatus] = {}
        self.records: list[UsageRecord] = []
        self.submitted: list[JobSpec] = []
        self.attempts: list[bool] = []
        """Of each call that would hand over: whether it was said to be the first of its order."""
        self.cancelled: list[UUID] = []
        self.unreachable = False
        self.refuses = False
        self.breaks_at: set[UUID] = set()
        """Orders at which it fails in a way that its port does not name."""
        self.status_calls = 0
        self.asked = 0
        """Calls that it did not answer."""

    def _reached(self, order_id: UUID | None = None) -> None:
        if order_id in self.breaks_at:
            raise RuntimeError("a fault of the engine's own")
        if self.unreachable:
            self.asked += 1
            raise UnableToReachEngine("DOWN", "引擎无响应", "the engine does not answer")

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:
        self.attempts.append(first_attempt)
        self._reached(spec.order_id)
        if self.refuses:
            raise UnableToSubmit("TOO_LARGE", "超出分区上限", "past the partition's limit", field="cores")
        there = spec.order_id in self.jobs
        if not there:
            self.submitted.append(spec)
            self.put(spec.order_id, JobState.QUEUED)
        return EngineJob(order_id=spec.order_id, engine_job=f"fake-{spec.order_id.hex[-6:]}", already_there=there)

    def put(self, order_id: UUID, state: JobState, at: datetime | None = None, **facts: Any) -> None:
        submitted = datetime.fromisoformat("2026-11-24T00:00:00+00:00")
        started = at if state is not JobState.QUEUED else None
        self.jobs[order_id] = JobStatus(
            order_id=order_id,
            engine_job=f"fake-{order_id.hex[-6:]}",
            state=state,
            submitted_at=submitted,
            started_at=facts.pop("started_at", started),
            **facts,
        )

    def end(self, order_id: UUID, at: datetime, outcome: JobOutcome = JobOutcome.SUCCEEDED, **facts: Any) -> None:
        self.put(order_id, JobState.ENDED, at, outcome=outcome, ended_at=at, reason=Label("结束", "over"), **facts)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        self._reached()
        self.status_calls += 1
        return {order_id: self.jobs[order_id] for order_id in order_ids if order_id in self.jobs}

    def cancel(self, order_id: UUID) -> None:
        self._reached(order_id)
        if order_id not in self.jobs:
            raise UnableToFindJob("UNKNOWN", "没有该作业", "no such job")
        self.cancelled.append(order_id)

    def usage(self, cursor: str) -> UsagePage:
        self._reached()
        start = int(cursor or 0)
        return UsagePage(tuple(self.records[start:]), str(len(self.records)))

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        return Forecast(now)

    def capacity(self) -> tuple[Capacity, ...]:
        return ()

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        return b""


TOKEN = "never-to-be-kept"


class Sitting(FakeEngine):
    """An engine that opens notebooks, and does with extensions what a test tells it to."""

    end_grace_ms = 5_000

    def __init__(self) -> None:
        super().__init__()
        self.sessions = frozenset({"JUPYTERLAB", "SSH"})
        self.limits: dict[UUID, int] = {}
        self.refuses_more = False
        self.kept: Saved | None = None

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        self._reached(order_id)
        if order_id not in self.jobs:
            raise UnableToFindJob("UNKNOWN", "没有该作业", "no such job")
        if self.refuses_more or self.jobs[order_id].state is not JobState.RUNNING:
            raise UnableToExtend("PARTITION_FULL", "分区不允许", "the partition does not allow it")
        self.limits[order_id] = time_limit_ms

    def access(self, order_id: UUID) -> Access:
        return Access(opens="JUPYTERLAB", node="node1", host="127.0.0.1", port=8888, token=TOKEN)

    def saved(self, order_id: UUID) -> Saved | None:
        self._reached(order_id)
        return self.kept

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        yield b"bytes"


ENGINE = FakeEngine()
BY_CENTRE: dict[str, FakeEngine] = {}
"""Engines of centres that have one of their own."""


def connect(options: Mapping[str, Any]) -> FakeEngine:
    """Give the engine that the test holds for a centre, or the one for all."""
    return BY_CENTRE.get(str(options.get("centre")), ENGINE)

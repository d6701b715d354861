"""An engine that ran whatever the test says: keeps ``jiaozi.order.ports.Engine``, its memory is the test's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.order.ports import (
    Capacity,
    EngineJob,
    Forecast,
    JobSpec,
    JobStatus,
    UnableToReachEngine,
    UnableToReadUsage,
    UsagePage,
    UsageRecord,
)


@dataclass
class FakeEngine:
    """Cursors are counts of records given; ``page_size`` makes pages small."""

    name: str = "fake"
    granularity_ms: int = 1000
    kill_lag_ms: int = 2000
    page_size: int = 100
    records: list[UsageRecord] = field(default_factory=list)
    jobs: dict[UUID, JobStatus] = field(default_factory=dict)
    reachable: bool = True
    epoch: str = "a"
    before_usage: Callable[[], None] = lambda: None

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:
        return EngineJob(order_id=spec.order_id, engine_job=str(spec.order_id), already_there=False)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        return {order_id: self.jobs[order_id] for order_id in order_ids if order_id in self.jobs}

    def cancel(self, order_id: UUID) -> None: ...

    def usage(self, cursor: str) -> UsagePage:
        self.before_usage()
        if not self.reachable:
            raise UnableToReachEngine("DOWN", "不可达", "down")
        epoch, _, position = (cursor or f"{self.epoch}.0").partition(".")
        if epoch != self.epoch:
            raise UnableToReadUsage("CURSOR", "游标", "cursor", field="cursor")
        first = int(position)
        end = min(first + self.page_size, len(self.records))
        return UsagePage(tuple(self.records[first:end]), f"{self.epoch}.{end}", more=end < len(self.records))

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        return Forecast(now)

    def capacity(self) -> tuple[Capacity, ...]:
        return ()

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        return b""


ENGINES: dict[str, FakeEngine] = {}


def connect(options: Mapping[str, Any]) -> FakeEngine:
    """Give the engine of a centre, the same one each time within a test."""
    return ENGINES.setdefault(options["centre"], FakeEngine())

"""The engine's face: what an order asks, said in terms of Ray's Jobs API. It keeps nothing that matters; Ray does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from jiaozi.engines import reading
from jiaozi.engines.ray import entry
from jiaozi.engines.ray import jobs as meaning
from jiaozi.engines.ray.client import Head
from jiaozi.engines.ray.jobs import OVER, Report
from jiaozi.engines.ray.options import ClassOptions, Options
from jiaozi.engines.ray.shapes import NAME_PREFIX, Job, Nodes
from jiaozi.engines.ray.sitting import Sitting
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.order.ports import (
    Access,
    Capacity,
    EngineJob,
    Forecast,
    JobSpec,
    JobStatus,
    Saved,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
    UsagePage,
    UsageRecord,
)

USAGE_PAGE_RECORDS = 100
_LOGS_PER_STATUS = 100
_FORGET_AT_ONCE = 20
_REPORTS_KEPT = 4_096
_LOG_WAIT_MS = 3_600_000
_LOG_TAIL_BYTES_MAX = 16 * 1024 * 1024
_HOUR_MS = 3_600_000
_MIB = 1 << 20
_BUSY = Label("集群繁忙；Ray不提供开始时间预测", "the cluster is busy; Ray has no forecast of a start")


class RayEngine:
    """Runs jobs on one Ray cluster; keeps ``jiaozi.order.ports.Engine`` and ``SessionEngine``."""

    granularity_ms = 1

    def __init__(self, options: Options, head: Head) -> None:
        self.options, self.head = options, head
        self.name = options.name
        self.kill_lag_ms = options.kill_lag_ms
        self.sitting = Sitting(options, head)
        self.sessions = self.sitting.sessions
        self.end_grace_ms = self.sitting.end_grace_ms
        self._reports: OrderedDict[str, Report] = OrderedDict()

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:  # noqa: ARG002 - it finds by name
        """Take the job, or find the one that this order already has; of two at once, Ray takes one."""
        takes = self._takes(spec)
        spec, seated = self.sitting.dressed(spec) if spec.session else (spec, None)
        body = entry.submission(spec, takes, python=self.options.python, seated=seated)
        name = entry.name_of(spec)
        there = EngineJob(order_id=spec.order_id, engine_job=name, already_there=True)
        if self.head.job(name) is not None:
            return there
        never = None if self.options.elastic else _never_fits(spec, takes, self.head.nodes())
        if never is not None:
            raise never
        if spec.files:
            self.head.upload(entry.package_of(spec), entry.package(spec, seated))
        try:
            made = self.head.submit(body)
        except UnableToReachEngine:
            # Without an answer it may have been taken all the same.
            if self.head.job(name) is None:
                raise
            return there
        return EngineJob(order_id=spec.order_id, engine_job=name, already_there=not made)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """Say where these jobs stand: one list for all, and the logs of those that have just begun or ended."""
        if not order_ids:
            return {}
        wanted = {f"{NAME_PREFIX}{order_id}": order_id for order_id in order_ids}
        found = {}
        looks = _LOGS_PER_STATUS
        for job in self.head.jobs():
            order_id = wanted.get(job.name)
            if order_id is None:
                continue
            if job.ran and job.name not in self._reports:
                looks -= 1
            report = self._report(job) if job.ran and looks >= 0 else None
            found[order_id] = meaning.status_of(order_id, job, report)
        return found

    def cancel(self, order_id: UUID) -> None:
        """Ask for the end of the job. One that waits ends when its turn comes, or when the cluster gives it up."""
        if not self.head.stop(f"{NAME_PREFIX}{order_id}"):
            raise _unknown(order_id)

    def usage(self, cursor: str) -> UsagePage:
        """Give records by what is still open; a job whose log can't be read yet stays open."""
        before = reading.read(cursor)
        jobs = {job.name: job for job in self.head.jobs()}
        listed = [reading.Listed(job.name, job.submitted_ms, job.status in OVER) for job in jobs.values()]
        giving, after, more = reading.advance(before, listed, page=USAGE_PAGE_RECORDS)
        records: list[UsageRecord] = []
        for each in giving:
            job = jobs[each.key]
            report = self._report(job) if job.ran else Report()
            if report is None:
                after = reading.postpone(after, each)
                continue
            record = meaning.usage_of(self.name, job, report, kill_lag_ms=self.kill_lag_ms)
            if record is not None:
                records.append(record)
        if cursor:
            self._forget([jobs[each.key] for each in reading.settled(before, listed)])
        return UsagePage(tuple(records), reading.write(after), more=more and bool(records))

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        """Now, where what it needs is free and nobody waits for the same; else nobody can know."""
        takes, nodes = self._takes(spec), self.head.nodes()
        never = None if self.options.elastic else _never_fits(spec, takes, nodes)
        if never is not None:
            return Forecast(None, never.reason.label)
        needs = _needs(spec, takes)
        waiting = any(job.status == "PENDING" for job in self.head.jobs())
        free = all(nodes.total(name) - nodes.in_use(name) >= count for name, count in needs.items())
        return Forecast(now) if free and not waiting else Forecast(None, _BUSY)

    def capacity(self) -> tuple[Capacity, ...]:
        """Say what the cluster has for each class."""
        nodes, jobs = self.head.nodes(), self.head.jobs()
        found = []
        for name, takes in self.options.classes.items():
            resource = takes.resource or "CPU"
            total = nodes.total(resource)
            queued = sum(job.status == "PENDING" and job.about.get("jiaozi_class") == name for job in jobs)
            free = max(0, int(total - nodes.in_use(resource)))
            found.append(Capacity(resource_class=name, units_total=total, units_free=free, jobs_queued=queued))
        return tuple(found)

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        """Give the last bytes of what the job printed."""
        name = f"{NAME_PREFIX}{order_id}"
        if self.head.job(name) is None:
            raise _unknown(order_id)
        wanted = min(max(0, tail_bytes), _LOG_TAIL_BYTES_MAX)
        return meaning.shown(self.head.log(name)).encode()[-wanted:] if wanted else b""

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        """Raise a running session's limit; its guard holds it, so it counts once that has said so."""
        self.sitting.extend(self._found(order_id), time_limit_ms, clock.now())

    def access(self, order_id: UUID) -> Access | None:
        """Say how a session is reached; None as long as it does not listen, and after its end."""
        return self.sitting.access(self._found(order_id))

    def saved(self, order_id: UUID) -> Saved | None:
        """Say what an ended session kept of its files."""
        return self.sitting.saved(self._found(order_id))

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give the saved files from the node that keeps them, piece by piece."""
        return self.sitting.read_saved(self._found(order_id))

    def _found(self, order_id: UUID) -> Job:
        job = self.head.job(f"{NAME_PREFIX}{order_id}")
        if job is None:
            raise _unknown(order_id)
        return job

    def _takes(self, spec: JobSpec) -> ClassOptions:
        takes = self.options.classes.get(spec.resource_class)
        if takes is None:
            known = "、".join(self.options.classes)
            raise UnableToSubmit(
                "RESOURCE_CLASS_UNKNOWN",
                f"没有资源类别{spec.resource_class}，可选：{known}",
                f"there is no class {spec.resource_class}; choose from {known}",
                field="resource_class",
            )
        if bool(takes.resource) != bool(spec.cards):
            raise UnableToSubmit(
                "CARDS_DO_NOT_FIT",
                f"资源类别{spec.resource_class}按{'卡' if takes.resource else '核'}计，卡数不能为{spec.cards}",
                f"class {spec.resource_class} counts {'cards' if takes.resource else 'cores'}, not {spec.cards} cards",
                field="cards",
            )
        return takes

    def _report(self, job: Job) -> Report | None:
        """Read what the wrapper said of a job, once; None where its log can't be read now.

        A log that stays unreadable for an hour after the end is gone with its node.
        """
        known = self._reports.get(job.name)
        if known is not None and (known.outcome is not None or job.status not in OVER):
            return known
        try:
            report = meaning.told_of(job, meaning.report_in(self.head.log(job.name)))
        except UnableToReachEngine:
            if job.ended_ms is None or _now_ms() - job.ended_ms < _LOG_WAIT_MS:
                return None
            return meaning.lost(job)
        if report.started_ms is not None or report.outcome is not None:
            self._reports[job.name] = report
            while len(self._reports) > _REPORTS_KEPT:
                self._reports.popitem(last=False)
        return report

    def _forget(self, settled: Sequence[Job]) -> None:
        """Let Ray forget jobs whose usage is long kept; its list is read whole each time."""
        before_ms = _now_ms() - self.options.keep_hours * _HOUR_MS
        old = [job for job in settled if job.ended_ms is not None and job.ended_ms < before_ms][:_FORGET_AT_ONCE]
        with suppress(UnableToReachEngine):
            self.sitting.forget_tellers(old)
            for job in old:
                self.head.forget(job.name)


def _needs(spec: JobSpec, takes: ClassOptions) -> dict[str, float]:
    needs: dict[str, float] = {"CPU": spec.cores, "memory": spec.memory_mib * _MIB}
    return {**needs, takes.resource: spec.cards} if takes.resource else needs


def _never_fits(spec: JobSpec, takes: ClassOptions, nodes: Nodes) -> UnableToSubmit | None:
    """Say why no node could ever take it: Ray itself would let it wait."""
    if not nodes.known:
        raise UnableToReachEngine(
            "NO_NODES", "集群还没有节点，稍后自动重试", "the cluster has no node yet; it is tried again"
        )
    needs = _needs(spec, takes)
    if any(all(each.get(name, 0) >= count for name, count in needs.items()) for each in nodes.known):
        return None
    return UnableToSubmit(
        "MORE_THAN_THERE_IS",
        "集群没有这样的节点：核数、内存或加速卡超出；请减少用量",
        "the cluster has no node with so many cores, so much memory or such cards; ask for less",
        field="cards" if takes.resource else "cores",
    )


def _unknown(order_id: UUID) -> UnableToFindJob:
    return UnableToFindJob(
        "job_unknown", f"没有订单{order_id}的作业", f"there is no job for order {order_id}", field="order_id"
    )


def _now_ms() -> int:
    return int(clock.now().astimezone(UTC).timestamp() * 1000)

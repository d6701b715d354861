"""The engine's face: what an order asks, said in Slurm's terms. It keeps nothing that matters; Slurm does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from uuid import UUID

from jiaozi.engines.slurm import cursor as reading
from jiaozi.engines.slurm import jobs as meaning
from jiaozi.engines.slurm import permit
from jiaozi.engines.slurm.options import ClassOptions, Options
from jiaozi.engines.slurm.ports import NAME_PREFIX, AnswerTooLarge, Batch, Cluster, Job
from jiaozi.engines.slurm.script import limit_min, script_of
from jiaozi.engines.slurm.sitting import Sitting
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

USAGE_PAGE_RECORDS = 1_000
_SWEEP_EVERY_S = 60
_LOG_TAIL_BYTES_MAX = 16 * 1024 * 1024
_HALVINGS_MAX = 24
_IN_MEMORY = timedelta(seconds=240)
"""A controller keeps an ended job for MinJobAge, 300 s unless set: the safe part of it."""

_TIMED_UUID = 7
_CANNOT_SAY = Label("slurmrestd不提供开始时间预测", "slurmrestd has no forecast of a start")


class SlurmEngine:
    """Runs jobs on one Slurm cluster; keeps ``jiaozi.order.ports.Engine``."""

    granularity_ms = 60_000
    carries_data = True
    """The job's own script takes its inputs from where they landed, whichever way it was handed over."""

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self.options, self.cluster = options, cluster
        self.name = options.name
        self.kill_lag_ms = options.kill_lag_ms
        self.sitting = Sitting(options, cluster)
        self.end_grace_ms = self.sitting.end_grace_ms

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:
        """Take the job, or find the one that this order already has.

        At the first attempt, and where a gate was proved to refuse a second job (``gated``), it is looked for only when
        Slurm refused or did not answer: there can be none, or the gate finds it.
        """
        batch = self.batch(spec)
        found = None if first_attempt or self.options.gated else self._find(spec.order_id)
        if found is not None:
            return _there(spec, found)
        try:
            number = self.cluster.submit(batch)
        except (UnableToSubmit, UnableToReachEngine):
            # A gate refuses a second job; without an answer, someone may have handed it over in this moment.
            found = self._find(spec.order_id)
            if found is None:
                raise
            return _there(spec, found)
        return EngineJob(order_id=spec.order_id, engine_job=str(number), already_there=False)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """Say where these jobs stand: one question to the controller, one more for what it has forgotten.

        A job that would wait for ever is withdrawn here, and says why once it is gone.
        """
        if not order_ids:
            return {}
        wanted = set(order_ids)
        found = {order: job for order, job in meaning.first_of(self.cluster.known()).items() if order in wanted}
        forgotten = [NAME_PREFIX + str(order_id) for order_id in order_ids if order_id not in found]
        if forgotten:
            found |= meaning.first_of(self.cluster.recorded(forgotten))
        for job in found.values():
            if meaning.hopeless(job) is not None:
                self.cluster.cancel(job.job_id)
        return {order: meaning.status_of(order, job) for order, job in found.items()}

    def cancel(self, order_id: UUID) -> None:
        """Ask for the end of the job."""
        job = self._found(order_id)
        if not self.sitting.asks(job, clock.now()):
            self.cluster.cancel(job.job_id)

    @property
    def sessions(self) -> frozenset[str]:
        """What it opens on compute nodes."""
        return self.sitting.sessions

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        """Raise a running session's limit."""
        self.sitting.extend(self._found(order_id), time_limit_ms, clock.now())

    def access(self, order_id: UUID) -> Access | None:
        """Say how a session is reached."""
        return self.sitting.access(order_id, self._find)

    def saved(self, order_id: UUID) -> Saved | None:
        """Say what was kept of an ended session."""
        return self.sitting.saved(order_id, self._find)

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give what was kept."""
        return self.sitting.read_saved(order_id, self._find)

    def usage(self, cursor: str) -> UsagePage:
        """Give records after a cursor: those that ended since, and now and then a day of those that came late."""
        before = reading.read(cursor)
        records, cut_s = self._read(before.since_s, None)
        given, after, more = reading.forward(before, _found(records), page=USAGE_PAGE_RECORDS, cut_s=cut_s)
        late: list[reading.Found] = []
        now_s = int(clock.now().timestamp())
        if not more and after.upto_s and abs(now_s - after.swept_at_s) >= _SWEEP_EVERY_S:
            day = reading.next_day(after, late_days=self.options.late_days)
            of_day, _ = self._read(*reading.day_span_s(day))
            late, after = reading.sweep(after, day, _found(of_day), now_s=now_s, late_days=self.options.late_days)
            records |= of_day
        page = tuple(records[each.record_id] for each in (*given, *late))
        return UsagePage(page, reading.write(after) if after != before or not cursor else cursor, more=more)

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        """Ask Slurm when it would start; a refusal is an answer, too: never."""
        try:
            starts_at = self.cluster.forecast(self.batch(spec), now)
        except UnableToSubmit as refused:
            return Forecast(None, refused.reason.label)
        return Forecast(starts_at, None if starts_at else _CANNOT_SAY)

    def capacity(self) -> tuple[Capacity, ...]:
        """Say what each class's partition has."""
        pools = {pool.partition: pool for pool in self.cluster.pools()}
        waiting = [job for job in self.cluster.known() if job.state == "PENDING"]
        found = []
        for name, where in self.options.classes.items():
            pool = pools.get(where.partition)
            if pool is None:
                continue
            kind = where.gres.partition(":")[2]
            total, free = pool.cores_total, pool.cores_free
            if where.gres:
                total, free = (
                    sum(count for each, count in counts.items() if not kind or each == kind)
                    for counts in (pool.gres_total, pool.gres_free)
                )
            queued = sum(job.partition == where.partition for job in waiting)
            found.append(Capacity(resource_class=name, units_total=total, units_free=max(0, free), jobs_queued=queued))
        return tuple(found)

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        """Give the last bytes of what the job printed."""
        self._found(order_id)
        wanted = min(max(0, tail_bytes), _LOG_TAIL_BYTES_MAX)
        return self.cluster.tail(_output(self.options, order_id), wanted) if wanted else b""

    def batch(self, spec: JobSpec) -> Batch:
        """Say an order's job in Slurm's terms, with its permit where the centre has a gate."""
        batch = self._wishes(self.sitting.dressed(spec))
        if not self.options.permit_key_file:
            return batch
        signed = permit.sign(
            batch,
            cluster=self.options.cluster,
            key_file=self.options.permit_key_file,
            expires_at=permit.expiry(clock.now(), self.options.permit_valid_s),
        )
        return replace(batch, comment=f"{batch.comment} permit={signed}")

    def _wishes(self, spec: JobSpec) -> Batch:
        options, name = self.options, NAME_PREFIX + str(spec.order_id)
        where = self._where(spec)
        gres = f"{where.gres}:{spec.cards}" if where.gres else ""
        return Batch(
            order=str(spec.order_id),
            name=name,
            comment=f"jiaozi order={spec.order_id} class={spec.resource_class}",
            script=script_of(
                spec, name=name, folder=options.folder, setup=options.setup, bytes_max=options.script_bytes_max
            ),
            partition=where.partition,
            account=where.account or options.account,
            qos=where.qos,
            constraint=where.constraint,
            gres=gres,
            cores=spec.cores,
            memory_mib=spec.memory_mib,
            limit_min=limit_min(spec),
            folder=options.folder,
            output=_output(options, spec.order_id),
            end_signal_s=options.session_grace_s if spec.session else 0,
        )

    def _where(self, spec: JobSpec) -> ClassOptions:
        where = self.options.classes.get(spec.resource_class)
        if where is None:
            known = "、".join(self.options.classes)
            raise UnableToSubmit(
                "RESOURCE_CLASS_UNKNOWN",
                f"没有资源类别{spec.resource_class}，可选：{known}",
                f"there is no class {spec.resource_class}; choose from {known}",
                field="resource_class",
            )
        if bool(where.gres) != bool(spec.cards):
            raise UnableToSubmit(
                "CARDS_DO_NOT_FIT",
                f"资源类别{spec.resource_class}按{'卡' if where.gres else '核'}计，卡数不能为{spec.cards}",
                f"class {spec.resource_class} counts {'cards' if where.gres else 'cores'}, not {spec.cards} cards",
                field="cards",
            )
        return where

    def _find(self, order_id: UUID) -> Job | None:
        """Find the order's job: in the controller's memory, else in accounting.

        An order younger than that memory cannot have a job that left it, so that accounting need not be asked.
        """
        found = meaning.first_of(self.cluster.known()).get(order_id)
        if found is not None or _age(order_id) < _IN_MEMORY:
            return found
        return meaning.first_of(self.cluster.recorded([NAME_PREFIX + str(order_id)])).get(order_id)

    def _found(self, order_id: UUID) -> Job:
        found = self._find(order_id)
        if found is None:
            raise UnableToFindJob(
                "job_unknown", f"没有订单{order_id}的作业", f"there is no job for order {order_id}", field="order_id"
            )
        return found

    def _read(self, since_s: int, until_s: int | None) -> tuple[dict[str, UsageRecord], int | None]:
        """Read records by their ids; where the answer would be too long, its older half. Says up to when it read."""
        for _ in range(_HALVINGS_MAX):
            try:
                jobs = self.cluster.ended(since_s, until_s)
            except AnswerTooLarge:
                latest = until_s if until_s is not None else int(clock.now().timestamp())
                until_s = since_s + max(1, (latest - since_s) // 2)
                continue
            records = [meaning.usage_of(self.name, job, self.options.classes) for job in jobs]
            return {record.record_id: record for record in records if record is not None}, until_s
        raise UnableToReachEngine(
            "ANSWER_TOO_LARGE",
            "单次用量答复过大，请调高answer_bytes_max",
            "a second of usage is more than is read at once; raise answer_bytes_max",
        )


def _there(spec: JobSpec, job: Job) -> EngineJob:
    return EngineJob(order_id=spec.order_id, engine_job=str(job.job_id), already_there=True)


def _found(records: dict[str, UsageRecord]) -> list[reading.Found]:
    return [reading.Found(record_id, int(record.ended_at.timestamp())) for record_id, record in records.items()]


def _output(options: Options, order_id: UUID) -> str:
    return str(PurePosixPath(options.folder, f"{NAME_PREFIX}{order_id}.log"))


def _age(order_id: UUID) -> timedelta:
    """Give an order's age by the time in its id; an id without one is taken for old."""
    if order_id.version != _TIMED_UUID:
        return timedelta.max
    made_at = datetime.fromtimestamp((order_id.int >> 80) / 1000, UTC)
    return abs(clock.now() - made_at)

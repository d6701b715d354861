"""The engine's face: what an order asks, in the cluster's terms. It keeps nothing that matters; the cluster does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod

from jiaozi.engines import reading
from jiaozi.engines.kubernetes import manifest, room, sitting, work
from jiaozi.engines.kubernetes.cluster import USAGE, Cluster
from jiaozi.engines.kubernetes.faults import NAMESPACE_UNKNOWN
from jiaozi.engines.kubernetes.options import ClassOptions, Options
from jiaozi.engines.kubernetes.pod import is_over, run_of
from jiaozi.engines.kubernetes.work import Work
from jiaozi.engines.sessions.dressing import parted
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.order.ports import (
    Access,
    Capacity,
    EngineJob,
    Forecast,
    JobSpec,
    JobState,
    JobStatus,
    Saved,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
    UsagePage,
    UsageRecord,
)

USAGE_PAGE_ORDERS = 500
_LET_GO_AT_ONCE = 100
_LEAVING_KEPT = timedelta(hours=1)
_LOG_TAIL_BYTES_MAX = 16 * 1024 * 1024
_BUSY = Label("集群繁忙；Kubernetes不提供开始时间预测", "the cluster is busy; Kubernetes has no forecast of a start")


class KubernetesEngine:
    """Runs jobs on one Kubernetes cluster; keeps ``jiaozi.order.ports.Engine`` and ``SessionEngine``."""

    granularity_ms = 1_000

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self.options, self.cluster = options, cluster
        self.name = options.name
        self.kill_lag_ms = options.kill_lag_ms
        self.sessions = sitting.programs(options).opens
        self.end_grace_ms = options.session_grace_s * 1000
        self._prepared: set[str] = set()
        self._suspends: bool | None = None

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:  # noqa: ARG002 - it finds by name
        """Take the job, or find the one that this order already has: its name is taken then."""
        made = self._class(spec)
        spec = sitting.dress(spec, self.options) if spec.session else spec
        manifest.check_files(spec, self.options)
        if not self.options.elastic:
            nodes = self.cluster.nodes()
            if nodes and not room.ever_fits(nodes, spec, made):
                raise _more_than_there_is(made)
        self._prepare(spec)
        wanted = manifest.job(spec, made, self.options)
        wanted = sitting.seat(wanted, spec, made, self.options) if spec.session else wanted
        if made.queue:
            self._check_suspend(wanted)
        job = self._create(wanted, spec)
        there = job is None
        job = job or self.cluster.job_of(str(spec.order_id))
        if spec.files and job is not None:
            self.cluster.add(manifest.secret(spec, job, self.options))
        return EngineJob(order_id=spec.order_id, engine_job=manifest.name_of(spec), already_there=there)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """Say where these jobs stand: the jobs, the pods, and why some have none, each in one question.

        A job that would wait for ever is withdrawn here. So is what is left of one that somebody else deleted: its
        finalizer keeps it, and its pods would run on.
        """
        if not order_ids:
            return {}
        found = self._work()
        mine = [found[order_id] for order_id in order_ids if order_id in found]
        waits = any(not each.pods and not each.ended for each in mine)
        refusals = self.cluster.refusals() if waits else []
        for each in mine:
            reason = work.hopeless(each, refusals)
            if reason is not None and each.job is not None:
                self.cluster.note(each.job, {manifest.WHY_NOTE: f"{reason.zh}\n{reason.en}"})
                self.cluster.end(each.job)
            if each.begun_again and not each.leaving and each.job is not None:
                self.cluster.note(each.job, {work.AGAIN_NOTE: clock.now().isoformat()})
                self.cluster.end(each.job)
            if each.leaving and not each.ended:
                self._end_pods(each)
            deadline = sitting.deadline_s(each)
            if deadline is not None and each.job is not None:
                self.cluster.change(Job, each.job, sitting.deadline_patch(deadline))
        return {each.order_id: work.status_of(each, refusals) for each in mine}

    def cancel(self, order_id: UUID) -> None:
        """Ask for the end of the job and of its pods; both stay, ended, until their usage was read."""
        job = self.cluster.job_of(str(order_id))
        if job is not None:
            found = Work(order_id, job, tuple(self.cluster.pods(str(order_id))))
            if sitting.limit_of(found) is not None and not found.ended and not found.leaving:
                self._end_session(found, job)
            elif not found.ended:
                self.cluster.end(job)
            return
        pods = self.cluster.pods(str(order_id))
        if not pods:
            raise _unknown(order_id)
        self._end_pods(Work(order_id, None, tuple(pods)))

    def usage(self, cursor: str) -> UsagePage:
        """Give the records of what has ended; what the caller has kept by now is let go."""
        before = reading.read(cursor)
        found = {str(order_id): each for order_id, each in self._work().items()}
        listed = [
            reading.Listed(key, int(each.submitted_at.timestamp() * 1000), each.ended) for key, each in found.items()
        ]
        giving, after, more = reading.advance(before, listed, page=USAGE_PAGE_ORDERS)
        records: list[UsageRecord] = []
        for each in giving:
            records += work.usage_of(self.name, found[each.key])
        if cursor:
            with suppress(UnableToReachEngine):  # clearing up can wait, what was read can't
                self._let_go([found[each.key] for each in reading.settled(before, listed)])
        return UsagePage(tuple(records), reading.write(after), more=more)

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        """Now, where a node has room and nobody waits; else nobody can know."""
        made, nodes = self._class(spec), self.cluster.nodes()
        if nodes is None:
            return Forecast(None, Label("平台账户无权查看节点", "the platform's account may not see the nodes"))
        if not self.options.elastic and not room.ever_fits(nodes, spec, made):
            return Forecast(None, _more_than_there_is(made).reason.label)
        waits = any(work.status_of(each).state is JobState.QUEUED for each in self._work().values())
        fits = room.fits_now(nodes, self.cluster.everybodys_pods(), spec, made)
        return Forecast(now) if fits and not waits else Forecast(None, _BUSY)

    def capacity(self) -> tuple[Capacity, ...]:
        """Say what the nodes have for each class; nothing where the account may not see them."""
        nodes = self.cluster.nodes()
        if nodes is None:
            return ()
        pods = self.cluster.everybodys_pods()
        waiting: dict[str, int] = {}
        for each in self._work().values():
            if work.status_of(each).state is JobState.QUEUED and each.job is not None and each.job.metadata is not None:
                name = (each.job.metadata.labels or {}).get(manifest.CLASS_LABEL, "")
                waiting[name] = waiting.get(name, 0) + 1
        found = []
        for name, made in self.options.classes.items():
            total, free = room.units(nodes, pods, made)
            queued = waiting.get(name, 0)
            found.append(Capacity(resource_class=name, units_total=total, units_free=free, jobs_queued=queued))
        return tuple(found)

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        """Give the last bytes of what the job printed, as far as its node keeps them."""
        pods = self.cluster.pods(str(order_id))
        if not pods and self.cluster.job_of(str(order_id)) is None:
            raise _unknown(order_id)
        wanted = min(max(0, tail_bytes), _LOG_TAIL_BYTES_MAX)
        if not pods or not wanted:
            return b""
        if sitting.limit_of(Work(order_id, None, tuple(pods))) is not None:
            return parted(self.cluster.log(pods[-1], self.options.answer_bytes_max))[0][-wanted:]
        return self.cluster.log(pods[-1], wanted)

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        """Raise a running session's limit: first what the cluster holds, then what the session follows."""
        found = self._one(order_id)
        now = clock.now()
        limit_ms = sitting.check_extendable(found, self.end_grace_ms, now)
        if time_limit_ms <= limit_ms or found.job is None:
            return
        pod = found.pods[-1]
        run = run_of(pod)
        end = (run.started_at if run else now) + timedelta(milliseconds=time_limit_ms)
        deadline = sitting.deadline_for(found, end)
        if deadline is not None:
            self.cluster.change(Job, found.job, sitting.deadline_patch(deadline))
        self.cluster.change(Pod, pod, sitting.limit_patch(time_limit_ms))

    def access(self, order_id: UUID) -> Access | None:
        """Say how a session is reached: at its pod's address, by what lies in the cluster's secret."""
        found = self._one(order_id)
        if not found.pods or found.job is None or not sitting.listens(found.pods[-1]):
            return None
        return sitting.access(found.pods[-1], self.cluster.files_of(found.job), self.options)

    def saved(self, order_id: UUID) -> Saved | None:
        """Say what an ended session kept of its files."""
        return sitting.saved(self._one(order_id))

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give the saved files out of the session's log; what is too large for that lies at the centre, and is said."""
        found = self._one(order_id)
        saved = sitting.saved(found)
        if saved is None:
            return
        if saved.size > self.options.session_log_bytes_max:
            place = f"{self.options.session_claim}/{sitting.place_of(str(order_id))}"
            raise UnableToReachEngine(
                "SAVED_TOO_LARGE",
                f"保存的文件有{saved.size}字节，请在中心直接取用：{place}",
                f"{saved.size} bytes were saved; take them at the centre itself: {place}",
            )
        _, content = parted(self.cluster.log(found.pods[-1], self.options.answer_bytes_max))
        if hashlib.sha256(content).hexdigest() != saved.sha256:
            raise UnableToReachEngine(
                "SAVED_GONE",
                "节点已不再保留该会话的完整输出，无法取回所保存的文件",
                "the node no longer keeps the whole of this session's output, and with it the saved files",
            )
        yield content

    def _one(self, order_id: UUID) -> Work:
        job = self.cluster.job_of(str(order_id))
        pods = self.cluster.pods(str(order_id))
        if job is None and not pods:
            raise _unknown(order_id)
        return work.gather([job] if job is not None else [], pods)[order_id]

    def _end_session(self, found: Work, job: Job) -> None:
        """Move a session's limit to now, the cluster's deadline to when it must have saved its files."""
        if not found.cancelled:
            self.cluster.change(Job, job, sitting.cancel_patch(found, clock.now(), self.options.session_grace_s))
        self.cluster.change(Pod, found.pods[-1], sitting.limit_patch(0))

    def _work(self) -> dict[UUID, Work]:
        jobs = self.cluster.jobs()
        return work.gather(jobs, self.cluster.pods())  # pods after jobs: of a job that is over, all are there

    def _class(self, spec: JobSpec) -> ClassOptions:
        made = self.options.classes.get(spec.resource_class)
        if made is None:
            known = "、".join(self.options.classes)
            raise UnableToSubmit(
                "RESOURCE_CLASS_UNKNOWN",
                f"没有资源类别{spec.resource_class}，可选：{known}",
                f"there is no class {spec.resource_class}; choose from {known}",
                field="resource_class",
            )
        if bool(made.resource) != bool(spec.cards):
            raise UnableToSubmit(
                "CARDS_DO_NOT_FIT",
                f"资源类别{spec.resource_class}按{'卡' if made.resource else '核'}计，卡数不能为{spec.cards}",
                f"class {spec.resource_class} counts {'cards' if made.resource else 'cores'}, not {spec.cards} cards",
                field="cards",
            )
        return made

    def _prepare(self, spec: JobSpec) -> None:
        """Make a voucher's own room before the first job in it."""
        where = manifest.namespace_of(spec, self.options)
        if self.options.by_voucher and where not in self._prepared:
            self.cluster.prepare(manifest.namespace(spec, self.options), manifest.quota(spec, self.options))
            self._prepared.add(where)

    def _create(self, wanted: Job, spec: JobSpec) -> Job | None:
        """Create the job; where its voucher's room was taken away meanwhile, make that again first."""
        try:
            return self.cluster.create(wanted)
        except UnableToSubmit as refused:
            if refused.reason.code != NAMESPACE_UNKNOWN or not self.options.by_voucher:
                raise
        self._prepared.discard(manifest.namespace_of(spec, self.options))
        self._prepare(spec)
        return self.cluster.create(wanted)

    def _check_suspend(self, wanted: Job) -> None:
        if self._suspends is None:
            self._suspends = self.cluster.keeps_suspend(wanted)
        if not self._suspends:
            raise UnableToSubmit(
                "SUSPEND_UNKNOWN",
                "该集群不支持suspend（需1.22或更新版本），不能经Kueue排队；请去掉该资源类的queue设置",
                "the cluster knows no suspend (1.22 or newer does), so Kueue can't hold a job; drop the class's queue",
                field="resource_class",
            )

    def _end_pods(self, each: Work) -> None:
        for pod in each.pods:
            if pod.metadata is not None and pod.metadata.deletionTimestamp is None and not is_over(pod):
                self.cluster.end_pod(pod)

    def _let_go(self, settled: Sequence[Work]) -> None:
        """Send away what was kept long enough, and take our finalizers off what was leaving for a while.

        The while is for the order: whoever read the usage may not have asked yet how the job ended.
        """
        now = clock.now()
        old = now - timedelta(hours=self.options.keep_hours)
        done = [each for each in settled if each.submitted_at < now - _LEAVING_KEPT]
        for each in done[:_LET_GO_AT_ONCE]:
            kept: list[Job | Pod] = [*each.pods, *([each.job] if each.job is not None else [])]
            if each.leaving and (each.left_at or old) < now - _LEAVING_KEPT:
                held = [one for one in kept if one.metadata and USAGE in (one.metadata.finalizers or [])]
                self.cluster.let_go(held)
            elif not each.leaving and each.job is not None and each.submitted_at < old:
                self.cluster.end(each.job)


def _more_than_there_is(made: ClassOptions) -> UnableToSubmit:
    return UnableToSubmit(
        "MORE_THAN_THERE_IS",
        "集群没有这样的节点：核数、内存或加速卡超出；请减少用量",
        "the cluster has no node with so many cores, so much memory or such cards; ask for less",
        field="cards" if made.resource else "cores",
    )


def _unknown(order_id: UUID) -> UnableToFindJob:
    return UnableToFindJob(
        "job_unknown", f"没有订单{order_id}的作业", f"there is no job for order {order_id}", field="order_id"
    )

"""What a job and its pods mean to an order: where it stands, how it ended, what it used. Pure.

A job's own start is when the cluster saw it, and its end when the cluster looked; what is charged is from when the
container started until it finished, by the node's clock, as the pod tells it. A pod of ours does not go before that was
read: a finalizer holds it, whoever deleted it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from lightkube.models.core_v1 import Event
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod
from lightkube.utils.quantity import parse_quantity

from jiaozi.engines.kubernetes.cluster import ORDER_LABEL
from jiaozi.engines.kubernetes.manifest import CLASS_LABEL, UNITS_NOTE, WHY_NOTE
from jiaozi.engines.kubernetes.pod import (
    LOST_SIGHT,
    Run,
    is_leaving,
    is_over,
    left_early,
    made_at,
    reached_limit,
    run_of,
    terminated,
    waiting_for,
)
from jiaozi.kernel.label import Label
from jiaozi.order.ports import JobOutcome, JobState, JobStatus, UsageRecord

LIMIT_NOTE, CANCEL_NOTE = "jiaozi/limit-ms", "jiaozi/cancelled"
"""On a session's pod, its limit; on a session's job, that its end was asked for."""
AGAIN_NOTE = "jiaozi/again"
"""On a job that the cluster began a second time, when the engine saw it and ended it."""

_NEVER_STARTS = {
    "ErrImageNeverPull": Label("节点上没有该镜像", "the node does not have the image"),
    "InvalidImageName": Label("镜像名称无效", "the image's name is none"),
    "CreateContainerConfigError": Label("容器配置无效", "the container's configuration is wrong"),
    "RunContainerError": Label("容器无法启动", "the container could not be started"),
    "CreateContainerError": Label("容器无法创建", "the container could not be made"),
}
_BY_CLUSTER = {
    "Evicted",
    "NodeLost",
    "NodeAffinity",
    "Shutdown",
    "NodeShutdown",
    "Terminated",
    "Preempting",
    "OutOfcpu",
}
_ASKED = re.compile(r"requested: ([^ ].*), used: (.*), limited: (.*)$")


@dataclass(frozen=True, slots=True)
class Work:
    """One order's job and all its pods; the job is None once somebody took it away by force."""

    order_id: UUID
    job: Job | None
    pods: tuple[Pod, ...] = field(default=())

    @property
    def submitted_at(self) -> datetime:
        """When the cluster took it."""
        first = self.job or self.pods[0]
        made = first.metadata.creationTimestamp if first.metadata else None
        return made or datetime.fromtimestamp(0, UTC)

    @property
    def leaving(self) -> bool:
        """Whether somebody asked for its end."""
        return self.job is None or bool(self.job.metadata and self.job.metadata.deletionTimestamp)

    @property
    def cancelled(self) -> bool:
        """Whether a session's end was asked for, which it brings about itself."""
        return _has_note(self.job, CANCEL_NOTE)

    @property
    def begun_again(self) -> bool:
        """Whether the cluster runs it a second time, on the same hold: a pod that ran was taken away, and replaced.

        Kubernetes 1.28 and newer is told not to. An older one replaces a pod as soon as somebody asks for its end.
        """
        ran = any(run_of(pod) is not None and (is_leaving(pod) or is_over(pod)) for pod in self.pods)
        return ran and any(not is_leaving(pod) and not is_over(pod) for pod in self.pods)

    @property
    def left_at(self) -> datetime | None:
        """When somebody asked for its end."""
        return self.job.metadata.deletionTimestamp if self.job is not None and self.job.metadata is not None else None

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs or will run."""
        return all(is_over(pod) for pod in self.pods) and (self.leaving or _condition(self.job) is not None)


def gather(jobs: Iterable[Job], pods: Iterable[Pod]) -> dict[UUID, Work]:
    """Put jobs and pods together by the order that their labels name."""
    heads: dict[UUID, Job] = {}
    for job in jobs:
        order_id = order_of(job)
        if order_id is not None:
            heads[order_id] = job
    tails: dict[UUID, list[Pod]] = {}
    for pod in pods:
        order_id = order_of(pod)
        if order_id is not None:
            tails.setdefault(order_id, []).append(pod)
    return {
        order_id: Work(order_id, heads.get(order_id), tuple(sorted(tails.get(order_id, ()), key=made_at)))
        for order_id in heads.keys() | tails.keys()
    }


def order_of(each: Job | Pod) -> UUID | None:
    """Give the order that a label names."""
    try:
        return UUID(((each.metadata and each.metadata.labels) or {}).get(ORDER_LABEL, ""))
    except ValueError:
        return None


def status_of(work: Work, refusals: Sequence[Event] = ()) -> JobStatus:
    """Read where an order's work stands."""
    runs = [run for pod in work.pods if (run := run_of(pod)) is not None]
    ended = work.ended
    outcome = outcome_of(work, runs[-1] if runs else None) if ended else None
    state = JobState.ENDED if ended else JobState.RUNNING if runs else JobState.QUEUED
    ends = [run.ended_at for run in runs if run.ended_at is not None]
    return JobStatus(
        order_id=work.order_id,
        engine_job=f"jiaozi-{work.order_id}",
        state=state,
        submitted_at=work.submitted_at,
        outcome=outcome,
        exit_code=runs[-1].code if ended and runs else None,
        started_at=runs[0].started_at if runs else None,
        ended_at=(max(ends) if ends else _left_at(work)) if ended else None,
        reason=_why_ended(work, outcome, runs) if ended else None if runs else why_waiting(work, refusals),
    )


def outcome_of(work: Work, last: Run | None) -> JobOutcome:
    """Give the outcome of work that is over."""
    if last is None:
        if work.leaving or _condition(work.job) == "DeadlineExceeded":
            return JobOutcome.CANCELLED
        return JobOutcome.FAILED
    done, reason = terminated(last.pod), (last.pod.status.reason if last.pod.status else "") or ""
    taken = bool(last.pod.metadata and last.pod.metadata.deletionTimestamp)
    signs = (
        (work.cancelled, JobOutcome.CANCELLED),
        (last.code == 0, JobOutcome.SUCCEEDED),
        (done is not None and done.reason == "OOMKilled", JobOutcome.OUT_OF_MEMORY),
        (_has_note(work.job, AGAIN_NOTE), JobOutcome.LOST),
        (_condition(work.job) == "DeadlineExceeded", JobOutcome.TIMED_OUT),
        (not left_early(last.pod) and (reason == "DeadlineExceeded" or reached_limit(last)), JobOutcome.TIMED_OUT),
        (reason in _BY_CLUSTER, JobOutcome.LOST),
        (work.leaving, JobOutcome.CANCELLED),
        (done is None or taken or done.reason == LOST_SIGHT, JobOutcome.LOST),
    )
    return next((outcome for sign, outcome in signs if sign), JobOutcome.FAILED)


def usage_of(engine: str, work: Work) -> list[UsageRecord]:
    """Read what ended work used: a record for each pod whose container started, in whole seconds, at least one."""
    found = []
    for pod in work.pods:
        run = run_of(pod)
        if run is None or run.ended_at is None or pod.metadata is None:
            continue
        labels, notes = pod.metadata.labels or {}, pod.metadata.annotations or {}
        units = notes.get(UNITS_NOTE, "")
        elapsed_s = max(1, int((run.ended_at - run.started_at).total_seconds()))
        found.append(
            UsageRecord(
                record_id=f"{engine}:{pod.metadata.uid}",
                order_id=work.order_id,
                resource_class=labels.get(CLASS_LABEL) or "unknown",
                units=max(1, int(units)) if units.isdecimal() else 1,
                started_at=run.started_at,
                ended_at=run.started_at + timedelta(seconds=elapsed_s),
                elapsed_ms=elapsed_s * 1000,
                outcome=outcome_of(work, run),
            )
        )
    return found


def hopeless(work: Work, refusals: Sequence[Event]) -> Label | None:
    """Say why waiting work will wait for ever, or None where it may start."""
    if work.ended or work.leaving:
        return None
    for pod in work.pods:
        waits = waiting_for(pod)
        if waits in _NEVER_STARTS:
            return _NEVER_STARTS[waits]
    said = _refused(work, refusals)
    return _quota(said) if said and not work.pods and above_quota(said) else None


def above_quota(said: str) -> bool:
    """Say whether a refusal by quota is for ever: asked for more than the quota is, whatever else runs.

    >>> above_quota("exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1")
    True
    """
    found = _ASKED.search(said)
    if found is None:
        return False
    asked, limits = (
        dict(pair.split("=", 1) for pair in part.split(",") if "=" in pair) for part in (found[1], found[3])
    )
    for name, amount in asked.items():
        try:
            wanted, most = parse_quantity(amount), parse_quantity(limits.get(name))
        except ValueError:
            continue
        if wanted is not None and most is not None and wanted > most:
            return True
    return False


def why_waiting(work: Work, refusals: Sequence[Event]) -> Label:
    """Say what work waits for."""
    said = _refused(work, refusals)
    if said and not work.pods:
        return _quota(said) if "exceeded quota" in said else Label(f"排队中：{said}", f"waiting: {said}")
    if work.job is not None and work.job.spec is not None and work.job.spec.suspend:
        return Label("排队中，等待Kueue放行", "waiting for Kueue to admit it")
    for pod in work.pods:
        waits = waiting_for(pod)
        if waits:
            return Label(f"排队中（容器：{waits}）", f"waiting (container: {waits})")
        for each in (pod.status.conditions if pod.status else None) or []:
            if each.type == "PodScheduled" and each.status == "False":
                return Label(f"排队中：{each.message}", f"waiting: {each.message}")
    return Label("排队中", "waiting")


def _why_ended(work: Work, outcome: JobOutcome | None, runs: Sequence[Run]) -> Label | None:
    notes = (work.job.metadata.annotations if work.job and work.job.metadata else None) or {}
    withdrawn = notes.get(WHY_NOTE, "")
    if not runs and withdrawn:
        zh, _, en = withdrawn.partition("\n")
        return Label(f"永远无法开始，已撤回：{zh}", f"withdrawn, it would never start: {en}")
    if not runs and outcome is JobOutcome.CANCELLED and not work.leaving:
        return _NO_ROOM
    if not runs and outcome is JobOutcome.FAILED:
        done = next((found for pod in work.pods if (found := terminated(pod))), None)
        said = (done.message or done.reason if done else None) or "?"
        return Label(f"未能启动：{said}", f"it could not be started: {said}")
    if outcome is JobOutcome.FAILED:
        return Label(f"程序以退出码{runs[-1].code}结束", f"the program ended with exit code {runs[-1].code}")
    return _LABELS.get(outcome) if outcome is not None else None


def _has_note(job: Job | None, name: str) -> bool:
    return bool(job and job.metadata and name in (job.metadata.annotations or {}))


def _condition(job: Job | None) -> str | None:
    """Give why a job is over; None while it is not."""
    for each in (job.status.conditions if job and job.status else None) or []:
        if each.type in {"Complete", "Failed"} and each.status == "True":
            return each.reason or each.type
    return None


def _left_at(work: Work) -> datetime:
    if work.left_at is not None:
        return work.left_at
    for each in (work.job.status.conditions if work.job and work.job.status else None) or []:
        if each.status == "True" and each.lastTransitionTime:
            return each.lastTransitionTime
    return work.submitted_at


def _refused(work: Work, refusals: Sequence[Event]) -> str:
    uid = work.job.metadata.uid if work.job and work.job.metadata else None
    told = [each for each in refusals if each.involvedObject.uid == uid]
    return (told[-1].message or "") if told else ""


def _quota(said: str) -> Label:
    part = said[said.find("exceeded quota") :]
    return Label(f"超出该券在集群的配额：{part}", f"above what this voucher may have at once: {part}")


_NO_ROOM = Label(
    "在允许的等待时间内没有腾出资源，已撤回", "withdrawn: nothing became free within the time that a job may wait"
)
_LABELS = {
    JobOutcome.TIMED_OUT: Label("达到运行时限，已停止", "stopped at its time limit"),
    JobOutcome.OUT_OF_MEMORY: Label("内存超出限额，已停止", "stopped because it needed more memory than ordered"),
    JobOutcome.CANCELLED: Label("已取消", "cancelled"),
    JobOutcome.LOST: Label("节点故障或被集群驱逐，作业中断", "its node failed, or the cluster evicted it"),
}

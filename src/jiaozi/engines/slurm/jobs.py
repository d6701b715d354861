"""What a Slurm job means to an order: its state, its outcome, its usage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from jiaozi.engines.slurm.options import ClassOptions
from jiaozi.engines.slurm.ports import NAME_PREFIX, Job
from jiaozi.kernel.label import Label
from jiaozi.order.ports import JobOutcome, JobState, JobStatus, UsageRecord

OUTCOMES = {
    "COMPLETED": JobOutcome.SUCCEEDED,
    "FAILED": JobOutcome.FAILED,
    "TIMEOUT": JobOutcome.TIMED_OUT,
    "DEADLINE": JobOutcome.TIMED_OUT,
    "OUT_OF_MEMORY": JobOutcome.OUT_OF_MEMORY,
    "CANCELLED": JobOutcome.CANCELLED,
    "PREEMPTED": JobOutcome.CANCELLED,
    "NODE_FAIL": JobOutcome.LOST,
    "BOOT_FAIL": JobOutcome.LOST,
    "REVOKED": JobOutcome.LOST,
}
_WAITING = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"}
_SIGNALLED = 128
_BY_TIMER = {124, 137}  # how the script's own timer ends: by TERM, or by KILL where the command ignored it

# A job that waits for one of these waits for ever: Slurm keeps it, only the centre or another order can help.
_HOPELESS = {
    "PartitionConfig": Label(
        "该分区没有这样的节点，或不允许本账户", "the partition has no such node or bars this account"
    ),
    "BadConstraints": Label("没有满足约束的节点", "no node meets the constraints"),
    "PartitionTimeLimit": Label("运行时限超过该分区上限", "the time limit is above the partition's"),
    "AccountNotAllowed": Label("该分区不允许本账户", "the partition bars this account"),
    "InvalidAccount": Label("中心不认识本账户", "the centre does not know this account"),
    "InvalidQOS": Label("中心不认识该QOS", "the centre does not know this QOS"),
    "QOSNotAllowed": Label("该分区不允许该QOS", "the partition bars this QOS"),
    "DependencyNeverSatisfied": Label("依赖的作业永远不会完成", "a job that it waits for will never finish"),
    "AssocGrpCPUMinutesLimit": Label("中心给本账户的额度已用完", "the centre's limit for this account is used up"),
    "AssocGrpBillingMinutes": Label("中心给本账户的额度已用完", "the centre's limit for this account is used up"),
}
_HOPELESS_BEGINNINGS = (
    ("Job's account not permitted", "AccountNotAllowed"),
    ("Job's QOS not permitted", "QOSNotAllowed"),
)


def order_of(job: Job) -> UUID | None:
    """Give the order that a job's name tells; None for other work."""
    if not job.name.startswith(NAME_PREFIX):
        return None
    try:
        return UUID(job.name.removeprefix(NAME_PREFIX))
    except ValueError:
        return None


def first_of(jobs: list[Job]) -> dict[UUID, Job]:
    """Give each order's first job; a second one could only come from another hand and is never believed."""
    found: dict[UUID, Job] = {}
    for job in sorted(jobs, key=lambda each: (each.submit_s, each.job_id)):
        order_id = order_of(job)
        if order_id is not None:
            found.setdefault(order_id, job)
    return found


def hopeless(job: Job) -> Label | None:
    """Say why a waiting job will wait for ever, or None where it may start."""
    return _never_starts(job.reason) if job.state == "PENDING" else None


def _never_starts(told: str) -> Label | None:
    for beginning, reason in _HOPELESS_BEGINNINGS:
        if told.startswith(beginning):
            return _HOPELESS[reason]
    return _HOPELESS.get(told)


def status_of(order_id: UUID, job: Job) -> JobStatus:
    """Read where a job stands."""
    outcome = outcome_of(job)
    state = JobState.QUEUED if job.state in _WAITING else JobState.RUNNING
    if outcome is not None:
        state = JobState.ENDED
    return JobStatus(
        order_id=order_id,
        engine_job=str(job.job_id),
        state=state,
        submitted_at=_at(job.submit_s),
        outcome=outcome,
        exit_code=_exit_code(job) if outcome and job.ran else None,
        started_at=_at(job.start_s) if job.ran and job.start_s and state is not JobState.QUEUED else None,
        ended_at=_at(job.end_s or job.submit_s) if outcome else None,
        reason=_why(job, outcome),
    )


def outcome_of(job: Job) -> JobOutcome | None:
    """Give the outcome; None while it is not over."""
    outcome = OUTCOMES.get(job.state)
    if outcome is JobOutcome.SUCCEEDED and comment_word(job.comment, "asked"):
        return JobOutcome.CANCELLED  # a session that was asked to end by its comment
    if outcome is JobOutcome.FAILED and job.exit_status in _BY_TIMER and _reached_limit(job):
        return JobOutcome.TIMED_OUT
    return outcome


def usage_of(engine: str, job: Job, classes: Mapping[str, ClassOptions]) -> UsageRecord | None:
    """Read what a job used; None for one that never had a node.

    Slurm's clock has whole seconds: a run within one second counts as one. Cores or cards are those allocated, but not
    more than were asked for: what a centre rounds up (hyper-threads, whole nodes) is not the customer's. The billing
    resource is not read at all; it is a whole number, and 0 for a small job.
    """
    outcome = outcome_of(job)
    if outcome is None or not job.ran or job.start_s is None or job.end_s is None:
        return None
    name = class_of(job, classes)
    elapsed_s = job.end_s - job.start_s if job.elapsed_s is None else job.elapsed_s
    return UsageRecord(
        record_id=f"{engine}:{job.cluster}:{job.job_id}:{job.submit_s}",
        order_id=order_of(job),
        resource_class=name,
        units=units_of(job, classes.get(name)),
        started_at=_at(job.start_s),
        ended_at=_at(job.end_s),
        elapsed_ms=max(1, elapsed_s) * 1000,
        outcome=outcome,
    )


def class_of(job: Job, classes: Mapping[str, ClassOptions]) -> str:
    """Give the resource class: the one in the comment, else the only one that fits.

    Where neither helps, the partition's name is given as the class: the meter knows no such class, and holds the record
    back where a person sees it. It is never free and never guessed.
    """
    told = comment_word(job.comment, "class")
    if told in classes and classes[told].partition == job.partition:
        return told
    has_cards = _cards(job.allocated) > 0
    fitting = [
        name for name, each in classes.items() if each.partition == job.partition and bool(each.gres) == has_cards
    ]
    return fitting[0] if len(fitting) == 1 else f"partition:{job.partition}"


def comment_word(comment: str, name: str) -> str:
    """Give a ``name=value`` word of a comment, empty where there is none."""
    return next((word.partition("=")[2] for word in comment.split() if word.startswith(f"{name}=")), "")


def units_of(job: Job, where: ClassOptions | None) -> int:
    """Give the cores, or the cards where the class counts cards."""
    allocated, requested = job.allocated or {}, job.requested or {}
    if where is not None and where.gres:
        asked = _cards(requested)
        return min(_cards(allocated), asked) if asked else _cards(allocated)
    return min(allocated.get("cpu", 0), requested.get("cpu") or allocated.get("cpu", 0))


def _cards(counts: Mapping[str, int] | None) -> int:
    """Slurm gives the sum as ``gres/gpu`` beside each type; where only types are tracked they are added up."""
    found = counts or {}
    return found.get("gres/gpu") or sum(count for name, count in found.items() if name.startswith("gres/gpu:"))


def _reached_limit(job: Job) -> bool:
    elapsed_s = job.elapsed_s if job.elapsed_s is not None else (job.end_s or 0) - (job.start_s or 0)
    return job.limit_min is not None and elapsed_s >= job.limit_min * 60


def _exit_code(job: Job) -> int:
    return job.exit_status or (job.exit_signal and _SIGNALLED + job.exit_signal)


def _why(job: Job, outcome: JobOutcome | None) -> Label | None:
    gave_up = _never_starts(job.reason)
    if outcome is JobOutcome.CANCELLED and not job.ran and gave_up is not None:
        return Label(f"永远无法开始，已撤回：{gave_up.zh}", f"withdrawn, it would never start: {gave_up.en}")
    if outcome is JobOutcome.FAILED and job.ran:
        code = _exit_code(job)
        return Label(f"程序以退出码{code}结束", f"the program ended with exit code {code}")
    if outcome is None:
        return _waits(job)
    return _LABELS.get(outcome)


def _waits(job: Job) -> Label | None:
    if job.state not in _WAITING:
        return None
    return _never_starts(job.reason) or Label(f"排队中（Slurm：{job.reason}）", f"waiting (Slurm: {job.reason})")


_LABELS = {
    JobOutcome.FAILED: Label("未能启动", "it could not be started"),
    JobOutcome.TIMED_OUT: Label("达到运行时限，已停止", "stopped at its time limit"),
    JobOutcome.OUT_OF_MEMORY: Label("内存超出限额，已停止", "stopped because it needed more memory than ordered"),
    JobOutcome.CANCELLED: Label("已取消", "cancelled"),
    JobOutcome.LOST: Label("节点故障，作业中断", "its node failed"),
}


def _at(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)

"""What one pod tells: whether it is over, when its container ran, what it waits for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lightkube.models.core_v1 import ContainerStateTerminated, ContainerStatus
from lightkube.resources.core_v1 import Pod

from jiaozi.engines.kubernetes.manifest import CONTAINER

_OVER = {"Succeeded", "Failed"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an order's container."""

    pod: Pod
    started_at: datetime
    ended_at: datetime | None
    code: int | None = None


def is_over(pod: Pod) -> bool:
    """Say whether nothing of a pod runs any more."""
    if pod.status is not None and pod.status.phase in _OVER:
        return True
    if pod.metadata is None or pod.metadata.deletionTimestamp is None:
        return False
    if pod.spec is not None and not pod.spec.nodeName:
        return True
    if pod.metadata.deletionGracePeriodSeconds == 0 and _waits(pod):
        return True  # its node let go of it before the container ever started: nothing more is told of that
    return terminated(pod) is not None


def run_of(pod: Pod) -> Run | None:
    """Give a pod's run; None where its container never started.

    A pod that its node ended at the deadline can say "running" for ever (seen on 1.20): then the deadline is its end.
    """
    done = terminated(pod)
    if done is not None:
        if not done.startedAt or not done.finishedAt or done.startedAt.timestamp() <= 0:
            return None
        return Run(pod, done.startedAt, max(done.startedAt, done.finishedAt), done.exitCode)
    state = _container(pod)
    began = state.state.running.startedAt if state and state.state and state.state.running else None
    if began is None:
        return None
    if not is_over(pod):
        return Run(pod, began, None)
    return Run(pod, began, max(began, _untold_end(pod, began)))


def is_ready(pod: Pod) -> bool:
    """Say whether a pod's container says of itself that it is ready."""
    status = _container(pod)
    return bool(status and status.ready)


def last_words(pod: Pod) -> str:
    """Give what a container that ended left to say."""
    done = terminated(pod)
    return (done.message or "") if done else ""


def is_leaving(pod: Pod) -> bool:
    """Say whether somebody asked for a pod's end."""
    return pod.metadata is not None and pod.metadata.deletionTimestamp is not None


def left_early(pod: Pod) -> bool:
    """Say whether somebody asked for a pod's end within its limit.

    A slow node takes so long over it that the limit comes meanwhile, and then tells that as the reason (seen on 1.20).
    """
    deadline, meta = _deadline(pod), pod.metadata
    if deadline is None or meta is None or meta.deletionTimestamp is None:
        return False
    return meta.deletionTimestamp - timedelta(seconds=meta.deletionGracePeriodSeconds or 0) < deadline


def reached_limit(run: Run) -> bool:
    """Say whether a run failed at or past its pod's deadline."""
    deadline = _deadline(run.pod)
    return deadline is not None and run.ended_at is not None and bool(run.code) and run.ended_at >= deadline


def terminated(pod: Pod) -> ContainerStateTerminated | None:
    """Give how a pod's container ended; None while it did not."""
    status = _container(pod)
    return status.state.terminated if status and status.state else None


def waiting_for(pod: Pod) -> str:
    """Give the cluster's word for what a pod's container waits for; empty where it does not."""
    status = _container(pod)
    waits = status.state.waiting if status and status.state else None
    return (waits.reason or "") if waits else ""


def made_at(pod: Pod) -> datetime:
    """Give when the cluster took a pod."""
    made = pod.metadata.creationTimestamp if pod.metadata else None
    return made or datetime.fromtimestamp(0, UTC)


def _waits(pod: Pod) -> bool:
    status = _container(pod)
    return status is None or bool(status.state and status.state.waiting)


def _container(pod: Pod) -> ContainerStatus | None:
    told = (pod.status.containerStatuses if pod.status else None) or []
    return next((each for each in told if each.name == CONTAINER), None)


def _untold_end(pod: Pod, began: datetime) -> datetime:
    """Give the end of a run that nobody told: the deadline, or when it was taken away, whichever came first."""
    deadline, left_at = _deadline(pod), pod.metadata.deletionTimestamp if pod.metadata is not None else None
    return min((each for each in (deadline, left_at) if each is not None), default=began)


def _deadline(pod: Pod) -> datetime | None:
    limit_s = pod.spec.activeDeadlineSeconds if pod.spec else None
    begins = pod.status.startTime if pod.status else None
    return begins + timedelta(seconds=limit_s) if limit_s is not None and begins is not None else None

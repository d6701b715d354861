"""What one pod tells: whether it is over, when its container ran, what it waits for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lightkube.models.core_v1 import ContainerStateTerminated, ContainerStatus
from lightkube.resources.core_v1 import Pod

from jiaozi.engines.kubernetes.manifest import CONTAINER

_OVER = {"Succeeded", "Failed"}
LOST_SIGHT = "ContainerStatusUnknown"
"""Why a container ended, in the words of a node that can't find it any more."""


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
    done, state = terminated(pod), _container(pod)
    if done is not None and done.startedAt and done.finishedAt and done.startedAt.timestamp() > 0:
        return Run(pod, done.startedAt, max(done.startedAt, done.finishedAt), done.exitCode)
    began = state.state.running.startedAt if state and state.state and state.state.running else None
    if began is None:
        return _unseen(pod, done) if state is not None and _ran_unseen(state) else None
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


def _ran_unseen(status: ContainerStatus) -> bool:
    """Say whether a node lost sight of a container that it did start, and so tells no times of it.

    Kubelet says ``ContainerStatusUnknown`` also of one that never started: what ran has an id, or that word in its last
    state, where kubelet writes it of what used to run and of nothing else.
    """
    done, before = (each.terminated if each else None for each in (status.state, status.lastState))
    told = done is not None and done.reason == LOST_SIGHT and bool(status.containerID)
    return told or (before is not None and before.reason == LOST_SIGHT)


def _unseen(pod: Pod, done: ContainerStateTerminated | None) -> Run | None:
    """Give the run of a container that its node lost sight of: it ran, so it is not one that was cancelled unstarted.

    Of its times nobody knows better than this: it began no earlier than its node took the pod, which is before the
    image was there, and ended no later than it was taken away, was ready no more, or reached its deadline.
    """
    began = pod.status.startTime if pod.status else None
    if began is None:
        return None
    if not is_over(pod):
        return Run(pod, began, None)
    unready = [
        each.lastTransitionTime
        for each in (pod.status.conditions if pod.status else None) or []
        if each.type == "Ready" and each.status == "False" and each.lastTransitionTime and not is_leaving(pod)
    ]
    return Run(pod, began, max(began, _untold_end(pod, began, *unready)), done.exitCode if done else None)


def _untold_end(pod: Pod, began: datetime, *signs: datetime) -> datetime:
    """Give the end of a run that nobody told: the deadline, its taking away, or another sign, the first of all."""
    deadline, left_at = _deadline(pod), pod.metadata.deletionTimestamp if pod.metadata is not None else None
    return min((each for each in (deadline, left_at, *signs) if each is not None), default=began)


def _deadline(pod: Pod) -> datetime | None:
    limit_s = pod.spec.activeDeadlineSeconds if pod.spec else None
    begins = pod.status.startTime if pod.status else None
    return begins + timedelta(seconds=limit_s) if limit_s is not None and begins is not None else None

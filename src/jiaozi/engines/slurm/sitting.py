"""Sessions on a Slurm cluster: each on a compute node, and known by files in the folder that all nodes share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from jiaozi.engines.sessions.dressing import ACCESS_BYTES_MAX, Programs, dressed, read_access, read_saved
from jiaozi.engines.slurm.options import Options, Transport
from jiaozi.engines.slurm.ports import NAME_PREFIX, Cluster, Job
from jiaozi.order.ports import Access, JobSpec, Saved, UnableToExtend, UnableToReachEngine, UnableToSubmit

_MS_PER_MIN = 60_000
_SIGNAL_STEP_S = 60
"""Slurm asks a job to end up to so much earlier than it was told to."""


class Sitting:
    """What the engine does of a session beside what it does of every job."""

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self._options, self._cluster = options, cluster
        self._programs = Programs(jupyter=options.jupyter, sshd=options.sshd)
        self.end_grace_ms = (options.session_grace_s + _SIGNAL_STEP_S) * 1000

    @property
    def sessions(self) -> frozenset[str]:
        """What can be opened; nothing by slurmrestd, which gives no files, nor where nobody answers for the account.

        All jobs and sessions run as one account, so that any of them reads the token and the files of every other.
        """
        if self._options.transport is Transport.REST or not self._options.sessions_share_an_account:
            return frozenset()
        return self._programs.opens

    def dressed(self, spec: JobSpec) -> JobSpec:
        """Give the job that opens a session; a batch job as it is.

        Raises
        ------
        UnableToSubmit
            When the centre opens no such session, or a file has a name that the session needs.
        """
        if spec.session is not None and not self._options.sessions_share_an_account:
            raise UnableToSubmit(
                "SESSION_NOT_OFFERED",
                "该中心的全部作业与会话共用一个账号，运维未说明会话之间已隔离，故不提供会话",
                "all jobs and sessions of this centre share one account, and the operator has not said that sessions "
                "are walled off from each other: it opens none",
                field="opens",
            )
        return dressed(
            spec,
            self._programs if self.sessions else Programs(),
            listen=self._options.session_host,
            access=self._path(spec.order_id, "access.json"),
            archive=self._path(spec.order_id, "saved.tar.gz"),
            archive_bytes_max=self._options.session_bytes_max,
            end_within_s=self._options.session_grace_s,
        )

    def extend(self, job: Job, time_limit_ms: int, now: datetime) -> None:
        """Raise a running job's limit.

        Raises
        ------
        UnableToExtend
            When it is over or about to end, or Slurm says no.
        """
        limit_min = -(-time_limit_ms // _MS_PER_MIN)
        if job.state != "RUNNING" or job.start_s is None or job.limit_min is None:
            raise _ending()
        if limit_min <= job.limit_min:
            return
        if now.timestamp() >= job.start_s + job.limit_min * 60 - self.end_grace_ms / 1000:
            raise _ending()
        self._cluster.extend(job.job_id, limit_min)

    def access(self, order_id: UUID) -> Access | None:
        """Read what the session wrote of itself."""
        return read_access(self._cluster.tail(self._path(order_id, "access.json"), ACCESS_BYTES_MAX))

    def saved(self, order_id: UUID) -> Saved | None:
        """Read what the session wrote of its files."""
        return read_saved(self._cluster.tail(self._path(order_id, "saved.tar.gz.json"), ACCESS_BYTES_MAX))

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give the saved files in one piece; what is more than one answer may be stays at the centre, which is said."""
        saved, path = self.saved(order_id), self._path(order_id, "saved.tar.gz")
        if saved is None:
            return
        if saved.size > self._options.answer_bytes_max:
            raise UnableToReachEngine(
                "SAVED_TOO_LARGE",
                f"保存的文件有{saved.size}字节，请在中心直接取用：{path}",
                f"{saved.size} bytes were saved; take them at the centre itself: {path}",
            )
        yield self._cluster.tail(path, saved.size)

    def _path(self, order_id: UUID, name: str) -> str:
        return str(PurePosixPath(self._options.folder, f"{NAME_PREFIX}{order_id}.{name}"))


def _ending() -> UnableToExtend:
    return UnableToExtend(
        "SESSION_ENDING", "会话已结束或即将结束", "the session is over, or about to end", field="order"
    )

"""Sessions on a Slurm cluster: each on a compute node, and known by files in the folder that all nodes share.

Slurmrestd gives no files: there a session tells of itself in its job's comment, and what it saved stays at the centre.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from jiaozi.engines.sessions.dressing import ACCESS_BYTES_MAX, Programs, dressed, read_access, read_saved
from jiaozi.engines.slurm import telling
from jiaozi.engines.slurm.jobs import outcome_of
from jiaozi.engines.slurm.options import Options, Transport
from jiaozi.engines.slurm.ports import NAME_PREFIX, Cluster, Job
from jiaozi.order.ports import (
    JUPYTERLAB,
    Access,
    JobSpec,
    Saved,
    UnableToExtend,
    UnableToReachEngine,
    UnableToSubmit,
)

Find = Callable[[UUID], Job | None]
"""Finds an order's job; asked for only where the job says what no file does."""

_MS_PER_MIN = 60_000
_HEARS_S = 30
"""Until a session has heard that its comment asks it to end, and its job is over once it did."""
_SIGNAL_STEP_S = 60
"""Slurm asks a job to end up to so much earlier than it was told to."""


class Sitting:
    """What the engine does of a session beside what it does of every job."""

    def __init__(self, options: Options, cluster: Cluster) -> None:
        self._options, self._cluster = options, cluster
        self._by_comment = options.transport is Transport.REST
        has_token = bool(options.session_key_file) or not self._by_comment
        self._programs = Programs(jupyter=options.jupyter if has_token else (), sshd=options.sshd)
        self.end_grace_ms = (options.session_grace_s + _SIGNAL_STEP_S) * 1000

    @property
    def sessions(self) -> frozenset[str]:
        """What can be opened; nothing where nobody answers for the account.

        All jobs and sessions run as one account, so that any of them reads the token and the files of every other.
        By slurmrestd nothing behind a gate either: it lets no job change the comment that its permit lies in.
        """
        options = self._options
        if not options.sessions_share_an_account or (self._by_comment and options.permit_key_file):
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
            more=self._more(spec) if self._by_comment and spec.session is not None else None,
        )

    def _more(self, spec: JobSpec) -> Mapping[str, Any]:
        """Say what a session tells by, and the token that it can't tell."""
        wants_token = spec.session is not None and spec.session.opens == JUPYTERLAB and JUPYTERLAB in self.sessions
        token = telling.token(self._options, spec.order_id) if wants_token else ""
        return {**telling.programs(self._options), "token": token}

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

    def asks(self, job: Job, now: datetime) -> bool:
        """Say whether a job is asked to end and gets its time for it; else it is to be ended by Slurm.

        So it is with a session that tells by its comment: Slurm would not let it tell what it saved any more.
        """
        if not self._by_comment or job.state != "RUNNING":
            return False
        now_s, asked_s = int(now.timestamp()), telling.asked_at_s(job)
        if asked_s is not None:
            return now_s < asked_s + self._options.session_grace_s + _HEARS_S
        comment = telling.asking(job, now_s)
        if comment:
            self._cluster.note(job.job_id, comment)
        return bool(comment)

    def access(self, order_id: UUID, find: Find) -> Access | None:
        """Read what the session wrote of itself."""
        if not self._by_comment:
            return read_access(self._cluster.tail(self._path(order_id, "access.json"), ACCESS_BYTES_MAX))
        job = find(order_id)
        if job is None or job.state != "RUNNING":
            return None
        found = read_access(telling.told(job))
        if found is None or found.opens != JUPYTERLAB:
            return found
        return replace(found, token=telling.token(self._options, order_id))

    def saved(self, order_id: UUID, find: Find) -> Saved | None:
        """Read what the session wrote of its files.

        By slurmrestd the name is the path at the centre, where they stay. Of a job that said nothing, as one that was
        killed at its limit, it is that of the work folder.
        """
        if not self._by_comment:
            return read_saved(self._cluster.tail(self._path(order_id, "saved.tar.gz.json"), ACCESS_BYTES_MAX))
        job = find(order_id)
        if job is None or outcome_of(job) is None:
            return None
        told = telling.told(job)
        if told == b"{}":  # it said that nothing was kept
            return None
        found = read_saved(told)
        if found is None:
            return Saved(name=self._path(order_id, "", "work"), size=0, sha256="")
        return replace(found, name=self._path(order_id, "saved.tar.gz"))

    def read_saved(self, order_id: UUID, find: Find) -> Iterator[bytes]:
        """Give the saved files in one piece; what is more than one answer may be stays at the centre, which is said."""
        saved, path = self.saved(order_id, find), self._path(order_id, "saved.tar.gz")
        if saved is None:
            return
        if self._by_comment or saved.size > self._options.answer_bytes_max:
            raise UnableToReachEngine(
                "SAVED_AT_CENTRE" if self._by_comment else "SAVED_TOO_LARGE",
                f"保存的文件请在中心直接取用（{saved.size}字节）：{path}",
                f"take what was saved at the centre itself ({saved.size} bytes): {path}",
            )
        yield self._cluster.tail(path, saved.size)

    def _path(self, order_id: UUID, name: str, *below: str) -> str:
        """Give the path of an order's file beside its folder; without a name, of what lies in the folder."""
        return str(PurePosixPath(self._options.folder, f"{NAME_PREFIX}{order_id}{name and '.'}{name}", *below))


def _ending() -> UnableToExtend:
    return UnableToExtend(
        "SESSION_ENDING", "会话已结束或即将结束", "the session is over, or about to end", field="order"
    )

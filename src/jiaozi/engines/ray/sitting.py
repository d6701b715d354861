"""Sessions on a Ray cluster: what is handed over for one, its way in, a longer limit, and what it saved.

The guard on the node (``seat``) tells by the job's log what is no secret. Token and host key are drawn anew whenever
they are needed (``keys``). A longer limit is written by a small job on the session's node (``teller``), and counts when
the guard has said so. Saved files lie in, or are linked from, the folder of logs that Ray gives out.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from jiaozi.engines.ray import entry
from jiaozi.engines.ray import jobs as meaning
from jiaozi.engines.ray.client import Head
from jiaozi.engines.ray.jobs import OVER, Told
from jiaozi.engines.ray.keys import Keys
from jiaozi.engines.ray.options import Options
from jiaozi.engines.ray.seat import ACCESS
from jiaozi.engines.ray.shapes import Job
from jiaozi.engines.sessions.dressing import Programs, dressed
from jiaozi.order.ports import (
    JUPYTERLAB,
    SSH,
    Access,
    JobSpec,
    Saved,
    UnableToExtend,
    UnableToReachEngine,
    UnableToSubmit,
)

_ANSWER_WITHIN_S, _LOOK_S = 10.0, 0.5
"""How long an extension waits for the session's own word; asking again later is right."""


class Sitting:
    """What the engine does of a session beside what it does of every job."""

    def __init__(self, options: Options, head: Head) -> None:
        self._options, self._head = options, head
        self._programs = Programs(jupyter=options.jupyter, sshd=options.sshd, sftp=options.sftp)
        self.end_grace_ms = options.session_grace_s * 1000

    @property
    def sessions(self) -> frozenset[str]:
        """What can be opened; nothing where nobody answers for it that everybody on the cluster is one user."""
        return self._programs.opens if self._options.sessions_share_an_account else frozenset()

    def dressed(self, spec: JobSpec) -> tuple[JobSpec, entry.Seated]:
        """Give the job that opens a session, and what its guard must know.

        Raises
        ------
        UnableToSubmit
            When the centre opens no such session, or a file has a name that the session needs.
        """
        if not self._options.sessions_share_an_account:
            raise UnableToSubmit(
                "SESSION_NOT_OFFERED",
                "该中心的Ray集群上人人同为一个用户，运维未说明该集群只由一家机构使用，故不提供会话",
                "everybody on this centre's Ray cluster is one user, and the operator has not said that one "
                "organisation alone uses it: it opens no sessions",
                field="opens",
            )
        keys, opens = self._keys(entry.name_of(spec)), spec.session.opens if spec.session else ""
        job = dressed(
            spec,
            self._programs,
            listen=self._options.session_host,
            access=ACCESS,
            archive_bytes_max=self._options.session_bytes_max,
            more={
                "token": keys.token() if opens == JUPYTERLAB else "",
                "host_key": keys.host_key() if opens == SSH else "",
            },
        )
        seated = entry.Seated(
            opens=opens,
            key=keys.limit_key(),
            folder=self._options.session_folder,
            end_s=self._options.session_grace_s,
            keep_s=self._options.keep_hours * 3600,
        )
        return replace(job, command=(self._options.python, *job.command[1:])), seated

    def access(self, job: Job) -> Access | None:
        """Say how a session is reached; None while it does not listen."""
        opens = job.about.get("jiaozi_opens")
        found = self._told(job).open if opens and job.status == "RUNNING" else None
        if not opens or found is None:
            return None
        keys, by_key = self._keys(job.name), opens == SSH
        return Access(
            opens=opens,
            node=found.node,
            host=self._options.session_host,
            port=found.port,
            token="" if by_key else keys.token(),
            user=found.user if by_key else "",
            host_key=keys.host_key_public() if by_key else "",
        )

    def extend(self, job: Job, time_limit_ms: int, now: datetime) -> None:
        """Have a running session's guard take a longer limit; gives up waiting for its word after a moment.

        Raises
        ------
        UnableToExtend
            When it is over or about to end.
        UnableToReachEngine
            When it has not said yet that it did, or could not be told.
        """
        if self._has(job, time_limit_ms, now):
            return
        name = entry.teller_name(job.name, time_limit_ms)
        self._send(name, job, time_limit_ms)
        until = time.monotonic() + _ANSWER_WITHIN_S
        while time.monotonic() < until:
            if self._has(self._head.job(job.name) or job, time_limit_ms, now):
                return
            time.sleep(_LOOK_S)
        raise UnableToReachEngine(
            "SESSION_BEING_TOLD",
            "正在把新的时限告知会话，稍后自动确认",
            "the session is being told of its new limit; it is asked again by itself",
        )

    def saved(self, job: Job) -> Saved | None:
        """Say what an ended session kept of its files. Whoever told it a limit may go as well then."""
        if not job.ran or job.status not in OVER:
            return None
        told = self._told(job)
        for limit_ms in told.limits_ms if told.saved else ():
            with suppress(UnableToReachEngine):
                self._head.forget(entry.teller_name(job.name, limit_ms))
        return told.saved

    def read_saved(self, job: Job) -> Iterator[bytes]:
        """Give the saved files; what is not as the session said breaks off, so that nobody takes it for the whole."""
        saved = self._told(job).saved
        if saved is None:
            return
        sha256, size = hashlib.sha256(), 0
        for piece in self._head.file(job.node, saved.name):
            size += len(piece)
            if size > saved.size:
                break
            sha256.update(piece)
            yield piece
        if (size, sha256.hexdigest()) != (saved.size, saved.sha256):
            place = self._options.session_folder or "Ray的日志目录"
            raise UnableToReachEngine(
                "SAVED_GONE",
                f"未能完整取回保存的文件；原件在节点{job.node}的{place}中：{saved.name}",
                f"the saved files did not come back whole; they lie on node {job.node}, in "
                f"{self._options.session_folder or 'its folder of logs'}: {saved.name}",
            )

    def forget_tellers(self, jobs: Sequence[Job]) -> None:
        """Let Ray forget whoever told sessions that are over a limit, also of one that saved nothing or took none."""
        over = {job.name for job in jobs if job.about.get("jiaozi_opens")}
        for teller in self._head.tellers() if over else ():
            if entry.told_by(teller.name) in over:
                self._head.forget(teller.name)

    def _keys(self, job: str) -> Keys:
        return Keys(self._options.session_key_file, job)

    def _told(self, job: Job) -> Told:
        return meaning.told_in(self._head.log(job.name))

    def _has(self, job: Job, time_limit_ms: int, now: datetime) -> bool:
        """Say whether a session runs with this limit already.

        Raises
        ------
        UnableToExtend
            When it never will.
        """
        if job.status != "RUNNING":
            raise _ending()
        log = self._head.log(job.name)
        report, told = meaning.report_in(log), meaning.told_in(log)
        limit_ms = max(told.limit_ms, meaning.limit_of(job))
        if limit_ms >= time_limit_ms:
            return True
        if report.started_ms is None or report.outcome is not None:
            raise _ending()
        asked_ms = report.started_ms + limit_ms - self.end_grace_ms
        if now >= datetime.fromtimestamp(asked_ms / 1000, UTC):
            raise _ending()
        return False

    def _send(self, name: str, job: Job, time_limit_ms: int) -> None:
        """Have the session told, unless somebody is under way to it; one that came to nothing is sent again.

        Raises
        ------
        UnableToReachEngine
            When there was no answer, or Ray does not take the job that would tell it.
        """
        there = self._head.job(name)
        if there is not None and there.status not in OVER:
            return
        if there is not None:
            self._head.forget(name)
        mark = self._keys(job.name).mark(time_limit_ms)
        try:
            self._head.submit(entry.telling(name, job, time_limit_ms, mark, python=self._options.python))
        except UnableToSubmit as refused:  # the limit is not raised, and it is Ray that would not pass it on
            said = refused.reason.label
            raise UnableToReachEngine(
                "SESSION_NOT_TOLD",
                f"未能把新的时限告知会话，稍后自动重试：{said.zh}",
                f"the session could not be told of its new limit; it is tried again by itself: {said.en}",
            ) from refused


def _ending() -> UnableToExtend:
    return UnableToExtend(
        "SESSION_ENDING", "会话已结束或即将结束", "the session is over, or about to end", field="order"
    )

"""A cluster reached by slurmrestd, over a unix socket or over TCP with a token."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import httpx2

from jiaozi.engines.slurm import faults, shapes
from jiaozi.engines.slurm.options import Options
from jiaozi.engines.slurm.ports import AnswerTooLarge, Batch, Job, Pool
from jiaozi.kernel import clock
from jiaozi.order.ports import UnableToReachEngine

_VERSIONS = range(36, 60)
_VERSION = re.compile(r"/slurm/v0\.0\.(\d+)/jobs")
_NOTHING_FOUND = {9003}
_ALREADY_OVER = {2021}  # ESLURM_ALREADY_DONE
_EARLIEST_S = 946_684_800  # 22.05 takes nothing near the epoch's beginning for a time
_NAMES_AT_ONCE = 100  # they stand in the address
_SKEW_S = 60


class Rest:
    """Keeps ``jiaozi.engines.slurm.ports.Cluster``."""

    def __init__(self, options: Options) -> None:
        self._options = options
        socket = options.url.removeprefix("unix:") if options.url.startswith("unix:") else None
        self._base = "http://slurmrestd" if socket else options.url.rstrip("/")
        self._http = httpx2.Client(
            transport=httpx2.HTTPTransport(uds=socket) if socket else None, timeout=options.timeout_s, trust_env=False
        )
        self._version = int(options.api_version.rpartition(".")[2]) if options.api_version else 0

    def submit(self, batch: Batch) -> int:
        """Submit; slurmrestd loses what the centre's gate has to say."""
        answer = self._ask("POST", "slurm", "job/submit", body=lambda version: shapes.submission(batch, version))
        job_id = shapes.number(answer.get("job_id"))
        if job_id:  # it may complain all the same: of a job that it took and that can't start now
            return job_id
        _check(answer, faults.refusal)
        raise faults.garbled("job_id")

    def known(self) -> list[Job]:
        """Read the controller's jobs; slurmrestd gives everybody's, ours are kept."""
        answer = self._ask("GET", "slurm", "jobs")
        _check(answer, faults.unreachable)
        jobs = [shapes.controller_job(each) for each in _list(answer, "jobs")]
        return [job for job in jobs if job.user == self._options.user]

    def recorded(self, names: Sequence[str]) -> list[Job]:
        """Read accounting by name."""
        found: list[Job] = []
        for first in range(0, len(names), _NAMES_AT_ONCE):
            some = ",".join(names[first : first + _NAMES_AT_ONCE])
            found += self._accounting({"start_time": f"uts{_EARLIEST_S}", "job_name": some})
        return found

    def ended(self, since_s: int, until_s: int | None) -> list[Job]:
        """Read accounting by time; 22.05 finds nothing when asked for several states, so the end is looked at here."""
        asked = {"start_time": f"uts{max(since_s, _EARLIEST_S)}"}
        if until_s is not None:
            asked["end_time"] = f"uts{max(until_s, _EARLIEST_S + 1)}"
        return [
            job
            for job in self._accounting(asked)
            if job.end_s is not None and job.end_s >= since_s and (until_s is None or job.end_s <= until_s)
        ]

    def cancel(self, job_id: int) -> None:
        """Ask for a job's end."""
        answer = self._ask("DELETE", "slurm", f"job/{job_id}")
        if not _numbers(answer) & _ALREADY_OVER:
            _check(answer, faults.unreachable)

    def extend(self, job_id: int, limit_min: int) -> None:
        """Raise a limit, as the account of the token or socket, which must be an operator of Slurm."""
        answer = self._ask("POST", "slurm", f"job/{job_id}", body=lambda version: shapes.new_limit(limit_min, version))
        _check(answer, faults.no_extension)

    def note(self, job_id: int, comment: str) -> None:
        """Write another comment."""
        _check(self._ask("POST", "slurm", f"job/{job_id}", body=lambda _: {"comment": comment}), faults.unreachable)

    def forecast(self, batch: Batch, now: datetime) -> datetime | None:  # noqa: ARG002 - the protocol's
        """Slurmrestd has no question for it."""
        return None

    def pools(self) -> list[Pool]:
        """Read partitions and nodes."""
        partitions, nodes = (self._ask("GET", "slurm", each) for each in ("partitions", "nodes"))
        for answer in (partitions, nodes):
            _check(answer, faults.unreachable)
        return shapes.pools(_list(partitions, "partitions"), _list(nodes, "nodes"))

    def tail(self, path: str, size: int) -> bytes:
        """Read the end of a file where the centre's folder is mounted here; slurmrestd gives no files."""
        if not self._options.logs_folder:
            return f"[jiaozi] 日志在中心 · the log is at the centre: {path}\n".encode()
        here = Path(self._options.logs_folder, PurePosixPath(path).name)
        try:
            with here.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - size))
                return file.read(size)
        except FileNotFoundError:
            return b""
        except OSError as problem:
            raise faults.unreachable(str(problem)) from None

    def _accounting(self, asked: Mapping[str, str]) -> list[Job]:
        answer = self._ask("GET", "slurmdb", "jobs", params={**asked, "skip_steps": "true"})
        if not _numbers(answer) & _NOTHING_FOUND:
            _check(answer, faults.unreachable)
        jobs = [shapes.accounted_job(each) for each in _list(answer, "jobs")]
        return [job for job in jobs if job.user == self._options.user]

    def _ask(
        self,
        method: str,
        part: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Callable[[int], dict[str, Any]] | None = None,
    ) -> Mapping[str, Any]:
        version = self._version or self._newest()
        address = f"{self._base}/{part}/v0.0.{version}/{path}"
        text = self._exchange(method, address, params, json.dumps(body(version)).encode() if body else None)
        return _json(text)

    def _newest(self) -> int:
        """Find the newest version that both know, once."""
        paths = _json(self._exchange("GET", f"{self._base}/openapi/v3")).get("paths") or {}
        both = {int(found[1]) for path in paths if (found := _VERSION.match(path))} & set(_VERSIONS)
        if not both:
            raise faults.garbled("openapi")
        self._version = max(both)
        return self._version

    def _exchange(
        self, method: str, address: str, params: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> bytes:
        headers = {"Content-Type": "application/json"} if content else {}
        headers |= self._signed()
        until = time.monotonic() + self._options.timeout_s
        try:
            with self._http.stream(method, address, params=params, content=content, headers=headers) as answer:
                parts, size = [], 0
                for part in answer.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > self._options.answer_bytes_max:
                        raise AnswerTooLarge
                    if time.monotonic() > until:  # one that drips never lets a single read time out
                        raise faults.timed_out(self._options.timeout_s)
                if answer.status_code in (401, 403):
                    raise faults.unreachable("authentication")
                return b"".join(parts)
        except httpx2.TimeoutException:
            raise faults.timed_out(self._options.timeout_s) from None
        except httpx2.RemoteProtocolError as problem:
            raise faults.garbled(str(problem)) from None
        except (httpx2.HTTPError, OSError) as problem:
            raise UnableToReachEngine(
                "CENTRE_UNREACHABLE", f"无法连接中心的slurmrestd：{problem}", f"no connection to slurmrestd: {problem}"
            ) from None

    def _signed(self) -> dict[str, str]:
        if not self._options.token_file:
            return {}
        try:
            token = Path(self._options.token_file).read_text(encoding="utf-8").strip().removeprefix("SLURM_JWT=")
        except OSError as problem:
            raise UnableToReachEngine(
                "TOKEN_MISSING", f"读不到令牌文件：{problem}", f"the token file can't be read: {problem}"
            ) from None
        _check_token(token, clock.now().timestamp())
        return {"X-SLURM-USER-NAME": self._options.user, "X-SLURM-USER-TOKEN": token}


def _check_token(token: str, now_s: float) -> None:
    """Say what is wrong with a token's times: slurmrestd itself says only that something is unspecified."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        ends, made = float(claims.get("exp", now_s + 1)), float(claims.get("iat", now_s))
    except (IndexError, ValueError, TypeError, AttributeError, binascii.Error):
        raise UnableToReachEngine(
            "TOKEN_GARBLED", "令牌文件中不是JWT令牌", "the token file holds no JSON web token"
        ) from None
    if ends <= now_s:
        raise UnableToReachEngine(
            "TOKEN_EXPIRED",
            "slurmrestd令牌已过期；请中心用scontrol token换发",
            "the token for slurmrestd has expired; the centre makes a new one with: scontrol token",
        )
    if made > now_s + _SKEW_S:
        raise UnableToReachEngine(
            "CLOCK_SKEW",
            "令牌的签发时间在未来：两端时钟不一致，请校时（NTP）",
            "the token was made in the future: the clocks differ; set both by NTP",
        )


def _json(text: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        raise faults.garbled(text[-60:].decode(errors="replace")) from None
    if not isinstance(answer, Mapping):
        raise faults.garbled("JSON")
    return answer


def _check(answer: Mapping[str, Any], complain: Callable[[str], Exception]) -> None:
    errors = _list(answer, "errors", needed=False)
    if errors:
        said = " ".join(f"{each.get('error') or ''} {each.get('description') or ''}".strip() for each in errors)
        raise complain(said)


def _numbers(answer: Mapping[str, Any]) -> set[int]:
    return {
        int(each.get("error_number") or each.get("error_code") or 0) for each in _list(answer, "errors", needed=False)
    }


def _list(answer: Mapping[str, Any], name: str, *, needed: bool = True) -> list[Mapping[str, Any]]:
    """Take a list out of an answer; one without it was cut short."""
    found = answer.get(name)
    if found is None and not needed:
        return []
    if not isinstance(found, list):
        raise faults.garbled(name)
    return found

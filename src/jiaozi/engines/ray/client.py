"""A Ray head over HTTP: calls on jobs, on files and on the cluster; each bounded, each one clear failure."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2

from jiaozi.engines.ray import faults, shapes
from jiaozi.engines.ray.options import Options
from jiaozi.engines.ray.shapes import Job, Nodes
from jiaozi.order.ports import UnableToReachEngine

_OK = 200
_MISSING = 404
_NODES_MAX = 10_000
_FILE_S = 6 * 3600
"""How long the head itself may take to give a whole file."""

_PIECE_BYTES, _SHOWN_MAX = 1 << 20, 4_096


class Head:
    """One cluster, by its dashboard's address."""

    def __init__(self, options: Options) -> None:
        self._options = options
        trust = ssl.create_default_context(cafile=options.ca_file) if options.ca_file else True
        self._http = httpx2.Client(timeout=options.timeout_s, trust_env=False, verify=trust)

    def submit(self, body: Mapping[str, Any]) -> bool:
        """Submit a job; False where one of this name is there already, which Ray calls an internal error."""
        status, text = self._exchange("POST", "api/jobs/", json.dumps(body).encode())
        if status == _OK:
            return True
        said = _text(text)
        if "already exists" in said:
            return False
        raise faults.refusal(status, said)

    def job(self, name: str) -> Job | None:
        """Look for one job."""
        status, text = self._exchange("GET", f"api/jobs/{name}")
        return None if status == _MISSING else shapes.job(_json(_checked(status, text)))

    def jobs(self) -> list[Job]:
        """Give all jobs of the platform, in one answer; those of others are left out."""
        return shapes.jobs(_json(_checked(*self._exchange("GET", "api/jobs/"))))

    def tellers(self) -> list[Job]:
        """Give the small jobs that told sessions their limits, as far as Ray has not forgotten them."""
        return shapes.jobs(_json(_checked(*self._exchange("GET", "api/jobs/"))), shapes.TELLER_PREFIX)

    def log(self, name: str) -> str:
        """Give all that a job wrote; its node must be there for it."""
        answer = _json(_checked(*self._exchange("GET", f"api/jobs/{name}/logs")))
        return shapes.word(answer, "logs")

    def stop(self, name: str) -> bool:
        """Ask for a job's end; False where there is no such job."""
        status, text = self._exchange("POST", f"api/jobs/{name}/stop")
        if status == _MISSING:
            return False
        _checked(status, text)
        return True

    def forget(self, name: str) -> None:
        """Take a job that is over out of Ray's list; one that is gone is none the less gone."""
        status, text = self._exchange("DELETE", f"api/jobs/{name}")
        if status != _MISSING:
            _checked(status, text)

    def upload(self, package: str, content: bytes) -> None:
        """Put a job's files where its node will fetch them."""
        _checked(*self._exchange("PUT", f"api/packages/gcs/{package}", content))

    def file(self, node: str, name: str) -> Iterator[bytes]:
        """Give a file out of a node's folder of logs, piece by piece; the node must be there for it."""
        where = urlencode({"node_id": node, "filename": name, "lines": -1, "timeout": _FILE_S})
        try:
            with self._http.stream("GET", f"{self._options.url}/api/v0/logs/file?{where}", headers=self._signed()) as a:
                if a.status_code != _OK:
                    raise faults.unreachable(a.status_code, _text(a.read()[:_SHOWN_MAX]))
                yield from a.iter_bytes(_PIECE_BYTES)
        except httpx2.TimeoutException:
            raise faults.timed_out(self._options.timeout_s) from None
        except (httpx2.HTTPError, OSError) as problem:
            raise faults.disconnected(problem) from None

    def nodes(self) -> Nodes:
        """Give what each living node has, and what the cluster as a whole has in use."""
        listed = _json(_checked(*self._exchange("GET", f"api/v0/nodes?detail=1&limit={_NODES_MAX}")))
        status = _json(_checked(*self._exchange("GET", "api/cluster_status")))
        return shapes.nodes(listed, status)

    def _exchange(self, method: str, path: str, content: bytes | None = None) -> tuple[int, bytes]:
        until = time.monotonic() + self._options.timeout_s
        headers = {"Content-Type": "application/json"} if content is not None else {}
        headers |= self._signed()
        address = f"{self._options.url}/{path}"
        try:
            with self._http.stream(method, address, content=content, headers=headers) as answer:
                parts, size = [], 0
                for part in answer.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > self._options.answer_bytes_max:
                        raise faults.too_large(self._options.answer_bytes_max)
                    if time.monotonic() > until:  # one that drips never lets a single read time out
                        raise faults.timed_out(self._options.timeout_s)
                return answer.status_code, b"".join(parts)
        except httpx2.TimeoutException:
            raise faults.timed_out(self._options.timeout_s) from None
        except httpx2.RemoteProtocolError as problem:
            raise faults.garbled(str(problem)) from None
        except (httpx2.HTTPError, OSError) as problem:
            raise faults.disconnected(problem) from None

    def _signed(self) -> dict[str, str]:
        if not self._options.token_file:
            return {}
        try:
            token = Path(self._options.token_file).read_text(encoding="ascii").strip()
        except (OSError, ValueError) as problem:
            raise UnableToReachEngine(
                "TOKEN_MISSING", f"读不到令牌文件：{problem}", f"the token file can't be read: {problem}"
            ) from None
        return {"Authorization": f"Bearer {token}"}


def _checked(status: int, text: bytes) -> bytes:
    if status != _OK:
        raise faults.unreachable(status, _text(text))
    return text


def _text(text: bytes) -> str:
    return text.decode(errors="replace")


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise faults.garbled(_text(text[-60:])) from None

"""A way for letters: HTTPS out of the centre, bounded in time and size."""

from __future__ import annotations

import ssl
import time

import httpx2

from jiaozi.engines.agent.envelope import BYTES_MAX
from jiaozi.engines.agent.runner import UnableToReachPlatform

_OK = 200
_SHOWN_MAX = 300


class Https:
    """Carries letters to one address of the platform."""

    def __init__(self, url: str, *, timeout_s: int = 60, ca_file: str = "") -> None:
        self._url, self._timeout_s = url, timeout_s
        trust = ssl.create_default_context(cafile=ca_file) if ca_file else True
        self._http = httpx2.Client(timeout=timeout_s, verify=trust)

    def __call__(self, letter: bytes) -> bytes:
        """Carry one letter, and bring the answer."""
        until, parts, size = time.monotonic() + self._timeout_s, [], 0
        headers = {"Content-Type": "application/octet-stream"}
        try:
            with self._http.stream("POST", self._url, content=letter, headers=headers) as answer:
                for part in answer.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > BYTES_MAX or time.monotonic() > until:
                        raise UnableToReachPlatform(f"no whole answer within {self._timeout_s} s and {BYTES_MAX} bytes")
                status = answer.status_code
        except (httpx2.HTTPError, OSError) as problem:
            raise UnableToReachPlatform(str(problem)) from None
        if status != _OK:
            said = b"".join(parts)[:_SHOWN_MAX].decode(errors="replace")
            raise UnableToReachPlatform(f"HTTP {status}: {said}")
        return b"".join(parts)

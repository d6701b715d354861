"""How the client asks: one connection, a key for every write, patience with what passes, and problems as exceptions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import quote
from uuid import uuid4  # noqa: TID251 - the client imports nothing of the house

import httpx2

TRIES_MAX = 4
WAIT_MAX_S = 60.0
_PASSING = frozenset({429, 502, 503, 504})


class File(NamedTuple):
    """A file to hand in."""

    name: str
    content: bytes


class UnableToReach(Exception):  # noqa: N818 - named as the house names its refusals
    """The server gave no answer, however often it was asked."""


class Problem(Exception):  # noqa: N818 - the standard's own name (RFC 9457)
    """A refusal of the server: ``code`` for programs, ``detail`` for people, ``field`` for the input it is about."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.detail = str(body.get("detail", ""))
        self.field = str(body.get("field", ""))
        self.errors: list[dict[str, str]] = list(body.get("errors", ()))
        super().__init__(f"{self.field}: {self.detail}" if self.field else self.detail or f"HTTP {status}")


def quoted(part: object) -> str:
    """Give a part of an address."""
    return quote(str(part), safe="")


class Transport:
    """Asks a server.

    A write gets an Idempotency-Key unless one is given, and is asked again with it when no answer came: it happens once
    whatever happens between. Requests wait for ``Retry-After``, a minute at most.

    Parameters
    ----------
    server
        The service's address, such as ``https://jiaozi.example.cn``.
    token
        A token of the console or of ``jiaozi api token``; without one only what is public is answered.
    language
        ``zh`` or ``en``: the language of a problem's ``detail``.
    """

    def __init__(
        self,
        server: str,
        token: str = "",
        *,
        language: str = "zh",
        timeout_s: float = 30.0,
        tries: int = TRIES_MAX,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._http = httpx2.Client(base_url=server.rstrip("/"), headers=headers, timeout=timeout_s, transport=transport)
        self._tries = tries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def asked(self, method: str, path: str, **words: Any) -> Any:
        """Ask, and give what the JSON says."""
        return self._ask(method, path, **words).json()

    def text(self, method: str, path: str, **words: Any) -> str:
        """Ask, and give the text."""
        return str(self._ask(method, path, **words).text)

    def loaded(self, method: str, path: str, **words: Any) -> bytes:
        """Ask, and give the bytes."""
        return bytes(self._ask(method, path, **words).content)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        form: Mapping[str, Any] | None = None,
        key: str | None = None,
        if_match: str | None = None,
    ) -> httpx2.Response:
        headers = {"Idempotency-Key": key or str(uuid4())} if method != "GET" else {}
        headers |= {"If-Match": if_match} if if_match else {}
        given: dict[str, Any] = {"headers": headers, "params": _plain(query or {})}
        if body is not None:
            given["content"] = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        if form is not None:
            files = {name: value for name, value in form.items() if isinstance(value, File)}
            given |= {"files": files, "data": _plain({n: v for n, v in form.items() if n not in files})}
        return _read(self._insist(method, path, given))

    def _insist(self, method: str, path: str, given: dict[str, Any]) -> httpx2.Response:
        for attempt in range(1, self._tries + 1):
            try:
                response = self._http.request(method, path, **given)
            except httpx2.TransportError as failed:
                if attempt == self._tries:
                    raise UnableToReach(f"{self._http.base_url}: {failed}") from failed
                time.sleep(_pause_s(attempt, None))
                continue
            if response.status_code not in _PASSING or attempt == self._tries:
                return response
            time.sleep(_pause_s(attempt, response.headers.get("Retry-After")))
        raise UnableToReach("tries: ask at least once")


def _plain(words: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not given, and write what is true or false as JSON does."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in words.items()
        if value is not None
    }


def _pause_s(attempt: int, told: str | None) -> float:
    if told is not None and told.isdecimal():
        return min(float(told), WAIT_MAX_S)
    return min(0.25 * 2.0 ** (attempt - 1), WAIT_MAX_S)


def _read(response: httpx2.Response) -> httpx2.Response:
    if response.is_success:
        return response
    try:
        body = response.json()
    except ValueError:
        body = {}
    raise Problem(response.status_code, body if isinstance(body, dict) else {})

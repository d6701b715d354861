"""Declaring operations: what every read and every write of the face does besides its one call into the house.

A read shows, with an entity tag where it is asked again. A write needs a scope and a key, happens once, and waits for
nobody who has seen an older state (``If-Match``).
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router
from pydantic import BaseModel

from jiaozi.api.caller import Asked, Token, dress
from jiaozi.api.reading import read
from jiaozi.kernel.refusal import Refused
from jiaozi.party import services as party
from jiaozi.party.rules import Answer, Scope, check_scope, digest_of

JSON = "application/json"
View = TypeVar("View", bound=Callable[..., Any])
KNOWN, OPEN = Token(public=False), Token(public=True)


class UnableToMatchTag(Refused):
    """The thing is not any more what the caller saw."""


def reads(
    router: Router, path: str, out: Any, *, public: bool = False, kind: str = JSON, scope: Scope = Scope.READ
) -> Callable[[View], View]:
    """Declare a read; ``kind`` is what it answers with where that is not JSON: then it gives text or bytes."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: Asked, **asked: Any) -> HttpResponseBase:
            if not public:
                check_scope(request.auth, scope)
            found = view(request, **asked)
            if isinstance(found, HttpResponseBase):
                return dress(request, found)
            return dress(request, _shown(request, body_of(found), kind))

        needed = None if public else scope
        _declare(router, path, view, answer, verb="GET", out=out, mode="read", scope=needed, kind=kind)
        return view

    return wrap


def asks(router: Router, path: str, out: Any) -> Callable[[View], View]:
    """Declare a question that is too long for an address: open to everybody, and writes nothing."""

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: Asked, **asked: Any) -> HttpResponse:
            return dress(request, HttpResponse(body_of(view(request, **asked)), content_type=JSON))

        _declare(router, path, view, answer, verb="POST", out=out, mode="ask", scope=None, kind=JSON)
        return view

    return wrap


def writes(
    router: Router,
    path: str,
    out: Any,
    *,
    scope: Scope,
    status: HTTPStatus = HTTPStatus.OK,
    seen: Callable[..., BaseModel] | None = None,
) -> Callable[[View], View]:
    """Declare a write.

    Parameters
    ----------
    seen
        Shows, and locks, the thing that the write changes, from the request and the address's own parts: then the
        caller may say by ``If-Match`` which state it saw.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def answer(request: Asked, **asked: Any) -> HttpResponse:
            check_scope(request.auth, scope)

            def act() -> Answer:
                _check_tag(request, seen, asked)
                return Answer(status, body_of(view(request, **asked)).decode())

            key, digest = request.headers.get("Idempotency-Key", ""), _digest(request)
            made = party.once(key=key, digest=digest, by=request.auth, now=request.now, act=act)
            response = HttpResponse(made.body, status=made.status, content_type=JSON)
            response["ETag"] = tag_of(made.body.encode())
            return dress(request, response)

        kept = {"mode": "write", "scope": scope, "kind": JSON, "seen": seen is not None}
        _declare(router, path, view, answer, verb="POST", out={status: out}, **kept)
        return view

    return wrap


def body_of(found: Any) -> bytes:
    """Give the bytes of what is shown: the same for the same content."""
    if isinstance(found, BaseModel):
        return found.model_dump_json().encode()
    return found.encode() if isinstance(found, str) else bytes(found)


def tag_of(body: bytes) -> str:
    """Give the entity tag of a body."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _shown(request: Asked, body: bytes, kind: str) -> HttpResponse:
    tag = tag_of(body)
    known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    if tag in known or "*" in known:
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = HttpResponse(body, content_type=kind)
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


def _check_tag(request: Asked, seen: Callable[..., BaseModel] | None, asked: dict[str, Any]) -> None:
    wanted = request.headers.get("If-Match", "").strip()
    if not wanted or wanted == "*":
        return
    place = {name: value for name, value in asked.items() if name in request.resolver_match.kwargs}  # type: ignore[union-attr]
    tag = tag_of(body_of(seen(request, **place))) if seen else ""
    if tag not in {each.strip() for each in wanted.split(",")}:
        raise UnableToMatchTag(
            "ETAG_DIFFERS",
            "该事项在您查看之后已有变化，请重新读取后再办理",
            "it has changed since you read it; read it again first",
            field="If-Match",
        )


def _digest(request: Asked) -> bytes:
    """Give the digest of what is asked: a form by its fields, for the boundary between its parts differs every time."""
    parts = [(request.method or "").encode(), request.get_full_path().encode()]
    if request.content_type == "multipart/form-data":
        parts.append(json.dumps(sorted((name, request.POST.getlist(name)) for name in request.POST)).encode())
        for name, file in sorted(request.FILES.items()):
            parts += [str(name).encode(), hashlib.sha256(b"".join(file.chunks())).digest()]  # type: ignore[union-attr]
            file.seek(0)  # type: ignore[union-attr]
    else:
        parts.append(_sorted(request.body))
    return digest_of(request.auth, *parts)


def _sorted(body: bytes) -> bytes:
    """Give JSON in one form, so that a program which orders its keys anew asks the same; what is no JSON is refused."""
    return json.dumps(read(body), sort_keys=True).encode() if body else b""


def _declare(router: Router, path: str, view: Any, answer: Any, *, verb: str, out: Any, **kept: Any) -> None:
    """Tell Ninja, and keep what the document says beside that."""
    answer.__signature__ = inspect.signature(view, eval_str=True)
    said = inspect.getdoc(view) or ""
    router.add_api_operation(
        path,
        [verb],
        answer,
        response=out if isinstance(out, dict) else {200: out},
        auth=[OPEN if kept["scope"] is None else KNOWN],
        operation_id=view.__name__,
        summary=said.split("\n", maxsplit=1)[0],
        description=said.partition("\n\n")[2] or None,
        openapi_extra={"x-jiaozi": kept},
    )

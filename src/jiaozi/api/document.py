"""The OpenAPI document: what Ninja knows of the operations, and what they all have in common."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from jiaozi.api.problem import KIND
from jiaozi.api.server import BASE, api

_PROBLEM = {
    "title": "Problem",
    "description": "Why something was refused (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "field"],
    "properties": {
        "type": {"type": "string", "description": "tag:jiaozi,2026:problem: and the code"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable, for programs"},
        "detail": {"type": "string", "description": "one line in the language of Accept-Language: zh or en"},
        "field": {"type": "string", "description": "the input that it is about; empty where there is none"},
        "clause": {"type": "string", "description": "the programme's clause that it rests on"},
        "errors": {
            "type": "array",
            "description": "all of them, where there are several",
            "items": {
                "type": "object",
                "required": ["code", "detail", "field"],
                "properties": {name: {"type": "string"} for name in ("code", "detail", "field", "clause")},
            },
        },
    },
}
_TEXT = {"schema": {"type": "string"}}
_TAG = {"ETag": {"description": "the entity tag", **_TEXT}}
_PACE = {
    "RateLimit": {"description": "requests left in this minute, and seconds until the next", **_TEXT},
    "RateLimit-Policy": {"description": "the most in a minute", **_TEXT},
}
_SAID = {
    HTTPStatus.BAD_REQUEST: "the request can't be read, or its key is missing",
    HTTPStatus.UNAUTHORIZED: "the token is missing or useless",
    HTTPStatus.FORBIDDEN: "it is not the caller's to see or do",
    HTTPStatus.NOT_FOUND: "there is no such thing",
    HTTPStatus.CONFLICT: "the thing's state, a cap, a balance or an alert stands in the way",
    HTTPStatus.PRECONDITION_FAILED: "it has changed since the caller read it",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is too large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "a field is wrong; the problem names it",
    HTTPStatus.TOO_MANY_REQUESTS: "the caller asks too often; Retry-After says when to ask again",
    HTTPStatus.SERVICE_UNAVAILABLE: "an engine can't be reached now; the same request later is right",
}
_READ = frozenset(_SAID) - {
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
_LANGUAGE = {
    "in": "header",
    "name": "Accept-Language",
    "required": False,
    "schema": {"type": "string", "enum": ["zh", "en"]},
    "description": "the language of `detail`; zh without it",
}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "makes the write happen once: the same key with the same request gives the first answer again",
}
_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "the entity tag that the caller saw; the write waits for nobody who saw an older state",
}
_NONE_MATCH = {**_MATCH, "name": "If-None-Match", "description": "an entity tag: 304 while it is still the same"}


def document() -> dict[str, Any]:
    """Give the whole document, the same on every call; needs no database and no running server."""
    made: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=BASE))
    made["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    made["components"]["schemas"]["Problem"] = _PROBLEM
    made["components"]["schemas"] = dict(sorted(made["components"]["schemas"].items()))
    for operations in made["paths"].values():
        for operation in operations.values():
            _complete(operation)
    return made


def _complete(operation: dict[str, Any]) -> None:
    kept = operation.pop("x-jiaozi")
    read, write = kept["mode"] == "read", kept["mode"] == "write"
    operation["parameters"] += [_LANGUAGE, *([_NONE_MATCH] if read else []), *([_KEY] if write else [])]
    operation["parameters"] += [_MATCH] if kept.get("seen") else []
    if kept["scope"] is None:
        operation["security"] = [{}, *operation["security"]]
    else:
        operation["x-scope"] = str(kept["scope"])
        operation["description"] = f"{operation.get('description', '')}\n\nScope: `{kept['scope']}`.".strip()
    for status, answer in operation["responses"].items():
        answer["headers"] = (_TAG if read or write else {}) | _PACE
        if kept["kind"] != "application/json":
            binary = kept["kind"] == "application/octet-stream"
            shape = {"type": "string", **({"contentMediaType": kept["kind"]} if binary else {})}
            operation["responses"][status]["content"] = {kept["kind"].partition(";")[0]: {"schema": shape}}
    for status in sorted(_READ if read else _SAID):
        operation["responses"][int(status)] = {
            "description": _SAID[status],
            "content": {KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if read:
        operation["responses"][304] = {"description": "still the same", "headers": _TAG | _PACE}
    operation["responses"] = {str(status): answer for status, answer in sorted(operation["responses"].items())}

"""The JSON of a Ray head, as far as it is read; what is not as promised is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jiaozi.engines.ray.faults import garbled

NAME_PREFIX = "jiaozi-"
"""A job's submission id is this and its order's id."""

TELLER_PREFIX = "limit-"
"""How the names of the small jobs begin that tell sessions their limits."""

_DELETED = "Entrypoint not found."


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One of the platform's jobs as Ray knows it. Instants are epoch milliseconds by the head's clock.

    Attributes
    ----------
    submitted_ms
        What Ray calls the start: when it was handed over.
    ran
        Whether it was ever given a node.
    about
        What was handed over with it: its class, units and limit.
    node, address
        Which node it was given, by Ray's id, and that one's address.
    """

    name: str
    status: str
    submitted_ms: int
    ended_ms: int | None
    ran: bool
    message: str
    error: str
    exit_code: int | None
    about: Mapping[str, str]
    node: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Nodes:
    """What each node has in all, living or known from before, and what is in use in the whole cluster.

    A node that is away may come back: what only it can run is not impossible, and is left to wait.
    """

    alive: tuple[Mapping[str, float], ...]
    known: tuple[Mapping[str, float], ...]
    used: Mapping[str, float]

    def total(self, resource: str) -> int:
        """All that the cluster has of a resource."""
        return int(sum(each.get(resource, 0) for each in self.alive))

    def in_use(self, resource: str) -> float:
        """What is taken of it; Ray writes names its own way there."""
        return self.used.get(resource, self.used.get(_camel(resource), 0.0))


def jobs(body: Any, prefix: str = NAME_PREFIX) -> list[Job]:
    """Read the list; drivers that nobody submitted, and other people's jobs, are left out."""
    if not isinstance(body, list):
        raise garbled("jobs")
    mine = [each for each in body if str(_part(each).get("submission_id") or "").startswith(prefix)]
    return [found for each in mine if (found := job(each)) is not None]


def job(body: Any) -> Job | None:
    """Read one job; None for what Ray's own watcher writes of one that was deleted in the moment of its end."""
    part = _part(body)
    if part.get("entrypoint") == _DELETED:
        return None
    ended_ms = part.get("end_time")
    about = part.get("metadata") or {}
    code = part.get("driver_exit_code")
    return Job(
        name=word(part, "submission_id"),
        status=word(part, "status"),
        submitted_ms=_number(part.get("start_time"), "start_time"),
        ended_ms=_number(ended_ms, "end_time") if ended_ms else None,
        ran=bool(part.get("driver_node_id")),
        message=str(part.get("message") or ""),
        error=str(part.get("error_type") or ""),
        exit_code=_number(code, "driver_exit_code") if code is not None else None,
        about={str(name): str(value) for name, value in _part(about).items()},
        node=str(part.get("driver_node_id") or ""),
        address=_host(part.get("driver_agent_http_address")),
    )


def nodes(listed: Any, status: Any) -> Nodes:
    """Read the nodes, and the cluster's use where Ray tells it."""
    found = _part(_part(_part(listed).get("data")).get("result")).get("result")
    if not isinstance(found, list):
        raise garbled("nodes")
    known = tuple(
        {str(name): float(count) for name, count in _part(_part(each).get("resources_total") or {}).items()}
        for each in found
    )
    alive = tuple(has for has, each in zip(known, found, strict=True) if each.get("state") == "ALIVE")
    told = _part(_part(status).get("data") or {}).get("clusterStatus") or {}
    usage = _part(_part(told).get("loadMetricsReport") or {}).get("usage") or {}
    used = {str(name): float(pair[0]) for name, pair in _part(usage).items() if isinstance(pair, list) and pair}
    return Nodes(alive, known, used)


def word(body: Any, name: str) -> str:
    """Take a text out of an answer; one without it was cut short."""
    found = _part(body).get(name)
    if not isinstance(found, str):
        raise garbled(name)
    return found


def _part(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise garbled("JSON")
    return body


def _number(value: Any, name: str) -> int:
    if not isinstance(value, int | float):
        raise garbled(name)
    return int(value)


def _host(url: Any) -> str:
    try:
        return urlsplit(str(url or "")).hostname or ""
    except ValueError:
        return ""


def _camel(name: str) -> str:
    """Write a name as Ray's dashboard does.

    >>> _camel("npu_910b")
    'npu910B'
    """
    first, *rest = name.split("_")
    return first + "".join(each.title() for each in rest)

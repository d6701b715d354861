"""The JSON of slurmrestd, from v0.0.38 (Slurm 22.05) to today's: pure, and tested without a Slurm.

Since 23.02 a number is ``{"set": true, "infinite": false, "number": 5}``, a state is a list, an exit code a nest of
these; before, all are plain. One reader takes both. The cluster is the top-level field: ``association.cluster`` names
the wrong one where an account is at several.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiaozi.engines.slurm import lines
from jiaozi.engines.slurm.faults import garbled
from jiaozi.engines.slurm.ports import Batch, Job, Pool

_NESTED_SINCE = 39
_SCRIPT_INSIDE_SINCE = 40
_NO_NODES = {"", "None assigned", "(null)"}


def number(value: Any) -> int | None:
    """Read a number in either shape; None for none, infinite, or unset.

    >>> number(5), number({"set": True, "infinite": False, "number": 5}), number({"set": False, "number": 0})
    (5, 5, None)
    """
    if isinstance(value, Mapping):
        if not value.get("set", True) or value.get("infinite"):
            return None
        value = value.get("number")
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def word(value: Any) -> str:
    """Read a state: a word, or the first of a list (what follows are flags such as COMPLETING)."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value or "").split()[0] if value else ""


def controller_job(body: Mapping[str, Any]) -> Job:
    """Read a job of ``/slurm/…/jobs``."""
    state, nodes = word(body.get("job_state")), str(body.get("nodes") or "")
    status, signal = _exit(body.get("exit_code"))
    pending = state == "PENDING"
    return Job(
        job_id=_needed(body, "job_id"),
        name=str(body.get("name") or ""),
        state=state,
        submit_s=_needed(body, "submit_time"),
        cluster=str(body.get("cluster") or ""),
        partition=str(body.get("partition") or ""),
        user=str(body.get("user_name") or ""),
        start_s=None if pending else number(body.get("start_time")) or None,
        end_s=None if pending else number(body.get("end_time")) or None,
        ran=nodes not in _NO_NODES and not pending,
        limit_min=number(body.get("time_limit")),
        exit_status=status,
        exit_signal=signal,
        reason=str(body.get("state_description") or body.get("state_reason") or ""),
        comment=str(body.get("comment") or ""),
    )


def accounted_job(body: Mapping[str, Any]) -> Job:
    """Read a job of ``/slurmdb/…/jobs``, and of ``sacct --json``."""
    state, time, counts = (_part(body, name) for name in ("state", "time", "tres"))
    status, signal = _exit(body.get("exit_code"))
    start_s, nodes = number(time.get("start")) or None, str(body.get("nodes") or "")
    return Job(
        job_id=_needed(body, "job_id"),
        name=str(body.get("name") or ""),
        state=word(state.get("current")),
        submit_s=_needed(time, "submission"),
        cluster=str(body.get("cluster") or ""),
        partition=str(body.get("partition") or ""),
        user=str(body.get("user") or ""),
        start_s=start_s,
        end_s=number(time.get("end")) or None,
        ran=nodes not in _NO_NODES and start_s is not None,
        elapsed_s=number(time.get("elapsed")),
        limit_min=number(time.get("limit")),
        exit_status=status,
        exit_signal=signal,
        reason=str(state.get("reason") or ""),
        comment=_comment(body.get("comment")),
        allocated=_tres(counts.get("allocated")),
        requested=_tres(counts.get("requested")),
    )


def pools(partitions: list[Mapping[str, Any]], nodes: list[Mapping[str, Any]]) -> list[Pool]:
    """Read partitions and what their nodes have free."""
    found = []
    for body in partitions:
        name = str(body.get("name") or "")
        members = [node for node in nodes if name in (node.get("partitions") or [])]
        total: dict[str, int] = {}
        free: dict[str, int] = {}
        for node in members:
            used = lines.cards(str(node.get("gres_used") or ""))
            for kind, count in lines.cards(str(node.get("gres") or "")).items():
                total[kind] = total.get(kind, 0) + count
                free[kind] = free.get(kind, 0) + count - used.get(kind, 0)
        cores = sum(number(node.get("cpus")) or 0 for node in members)
        idle = sum(_idle(node) for node in members)
        found.append(Pool(name, cores, idle, total, free))
    return found


def submission(batch: Batch, version: int) -> dict[str, Any]:
    """Write a job for ``/slurm/v0.0.<version>/job/submit``."""
    nested = version >= _NESTED_SINCE
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    job: dict[str, Any] = {
        "name": batch.name,
        "comment": batch.comment,
        "partition": batch.partition,
        "account": batch.account,
        "qos": batch.qos,
        "constraints": batch.constraint,
        "tres_per_node" if nested else "gres": f"gres/{batch.gres}" if nested and batch.gres else batch.gres,
        "current_working_directory": batch.folder,
        "standard_output": batch.output,
        "environment": [f"{name}={value}" for name, value in environ.items()] if nested else environ,
        "tasks": 1,
        "minimum_nodes": 1,
        "cpus_per_task": batch.cores,
        "memory_per_node": _nested(batch.memory_mib) if nested else batch.memory_mib,
        "time_limit": _nested(batch.limit_min) if nested else batch.limit_min,
        "requeue": False,
    }
    job = {name: value for name, value in job.items() if value != ""}
    script = batch.script.decode(errors="surrogateescape")
    return {"job": {**job, "script": script}} if version >= _SCRIPT_INSIDE_SINCE else {"script": script, "job": job}


def new_limit(limit_min: int, version: int) -> dict[str, Any]:
    """Write a new limit for ``/slurm/v0.0.<version>/job/<id>``."""
    return {"time_limit": _nested(limit_min) if version >= _NESTED_SINCE else limit_min}


def _nested(value: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    if part is None:
        return {}
    if not isinstance(part, Mapping):
        raise garbled(name)
    return part


def _needed(body: Mapping[str, Any], name: str) -> int:
    found = number(body.get(name))
    if found is None:
        raise garbled(name)
    return found


def _exit(value: Any) -> tuple[int, int]:
    """Read an exit: the wait status that 22.05's controller gives, or the nest of accounting and of newer ones."""
    if isinstance(value, Mapping) and "return_code" in value:
        signal = value.get("signal")
        inner = signal if isinstance(signal, Mapping) else {}
        return number(value["return_code"]) or 0, number(inner.get("id", inner.get("signal_id"))) or 0
    status = number(value) or 0
    return status >> 8, status & 0x7F


def _comment(value: Any) -> str:
    return str(value.get("job") or "") if isinstance(value, Mapping) else str(value or "")


def _tres(value: Any) -> dict[str, int]:
    found = {}
    for each in value or []:
        count = number(each.get("count"))
        if count is not None and each.get("type") != "mem":
            found["/".join(filter(None, (each["type"], each.get("name"))))] = count
    return found


def _idle(node: Mapping[str, Any]) -> int:
    states = node.get("state")
    down = {"down", "drained", "drain", "fail", "unknown"} & {
        str(each).lower() for each in (states if isinstance(states, list) else [states])
    }
    total, used = number(node.get("cpus")) or 0, number(node.get("alloc_cpus")) or 0
    idle = number(node.get("alloc_idle_cpus", node.get("idle_cpus")))
    return 0 if down else idle if idle is not None else total - used

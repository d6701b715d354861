"""What travels between platform and agent, as plain JSON and back: jobs, answers, statuses, usage, capacity."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order.ports import Capacity, JobOutcome, JobSpec, JobState, JobStatus, SessionSpec, UsageRecord

Json = dict[str, Any]


def write_spec(spec: JobSpec) -> Json:
    """Write a job."""
    return {
        "order": str(spec.order_id),
        "command": list(spec.command),
        "class": spec.resource_class,
        "cores": spec.cores,
        "cards": spec.cards,
        "memory_mib": spec.memory_mib,
        "time_limit_ms": spec.time_limit_ms,
        "voucher": str(spec.voucher_id) if spec.voucher_id else None,
        "processes_max": spec.processes_max,
        "output_bytes_max": spec.output_bytes_max,
        "files": {name: base64.b64encode(content).decode() for name, content in spec.files.items()},
        "session": _write_session(spec.session),
    }


def _write_session(session: SessionSpec | None) -> Json | None:
    return {"opens": session.opens, "authorized_key": session.authorized_key} if session else None


def read_spec(body: Mapping[str, Any]) -> JobSpec:
    """Read a job; one that was kept before there were sessions has none."""
    session = body.get("session")
    return JobSpec(
        order_id=UUID(body["order"]),
        command=tuple(body["command"]),
        resource_class=body["class"],
        cores=body["cores"],
        cards=body["cards"],
        memory_mib=body["memory_mib"],
        time_limit_ms=body["time_limit_ms"],
        voucher_id=UUID(body["voucher"]) if body["voucher"] else None,
        processes_max=body["processes_max"],
        output_bytes_max=body["output_bytes_max"],
        files={name: base64.b64decode(text) for name, text in body["files"].items()},
        session=SessionSpec(opens=session["opens"], authorized_key=session["authorized_key"]) if session else None,
    )


def write_status(status: JobStatus) -> Json:
    """Write where a job stands."""
    return {
        "order": str(status.order_id),
        "job": status.engine_job,
        "state": str(status.state),
        "submitted_at": status.submitted_at.isoformat(),
        "outcome": str(status.outcome) if status.outcome else None,
        "exit_code": status.exit_code,
        "started_at": status.started_at.isoformat() if status.started_at else None,
        "ended_at": status.ended_at.isoformat() if status.ended_at else None,
        "reason": [status.reason.zh, status.reason.en] if status.reason else None,
    }


def read_status(body: Mapping[str, Any]) -> JobStatus:
    """Read where a job stands."""
    return JobStatus(
        order_id=UUID(body["order"]),
        engine_job=body["job"],
        state=JobState(body["state"]),
        submitted_at=datetime.fromisoformat(body["submitted_at"]),
        outcome=JobOutcome(body["outcome"]) if body["outcome"] else None,
        exit_code=body["exit_code"],
        started_at=_instant(body["started_at"]),
        ended_at=_instant(body["ended_at"]),
        reason=Label(*body["reason"]) if body["reason"] else None,
    )


def write_record(record: UsageRecord) -> Json:
    """Write what a job used."""
    return {
        "id": record.record_id,
        "order": str(record.order_id) if record.order_id else None,
        "class": record.resource_class,
        "units": record.units,
        "started_at": record.started_at.isoformat(),
        "ended_at": record.ended_at.isoformat(),
        "elapsed_ms": record.elapsed_ms,
        "outcome": str(record.outcome),
        "cpu_ms": record.cpu_ms,
        "memory_peak_mib": record.memory_peak_mib,
    }


def read_record(body: Mapping[str, Any]) -> UsageRecord:
    """Read what a job used."""
    return UsageRecord(
        record_id=body["id"],
        order_id=UUID(body["order"]) if body["order"] else None,
        resource_class=body["class"],
        units=body["units"],
        started_at=datetime.fromisoformat(body["started_at"]),
        ended_at=datetime.fromisoformat(body["ended_at"]),
        elapsed_ms=body["elapsed_ms"],
        outcome=JobOutcome(body["outcome"]),
        cpu_ms=body["cpu_ms"],
        memory_peak_mib=body["memory_peak_mib"],
    )


def write_capacity(found: tuple[Capacity, ...]) -> list[list[Any]]:
    """Write what a centre has."""
    return [[each.resource_class, each.units_total, each.units_free, each.jobs_queued] for each in found]


def read_capacity(body: list[list[Any]]) -> tuple[Capacity, ...]:
    """Read what a centre has."""
    return tuple(
        Capacity(resource_class=name, units_total=total, units_free=free, jobs_queued=queued)
        for name, total, free, queued in body
    )


def write_reason(reason: Reason) -> Json:
    """Write why something was refused."""
    return {"code": reason.code, "zh": reason.label.zh, "en": reason.label.en, "field": reason.field}


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""What stands in the spool, read as the port's types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from jiaozi.engines.process import reasons
from jiaozi.engines.process.spool import Spool, read_json
from jiaozi.order.ports import JobOutcome, JobState, JobStatus, UnableToReadUsage, UsageRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _instant(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else _EPOCH + timedelta(milliseconds=epoch_ms)


def read_status(spool: Spool, order_id: UUID) -> JobStatus | None:
    """Say where a job stands; None when there is none. A result counts before a state, and a state before nothing."""
    order = str(order_id)
    try:
        header = spool.read_header(order)
    except FileNotFoundError:
        return None
    result = read_json(spool.job(order) / "result.json")
    known = result or read_json(spool.job(order) / "state.json") or {"started_ms": None}
    state = JobState.RUNNING if known["started_ms"] is not None else JobState.QUEUED
    return JobStatus(
        order_id=order_id,
        engine_job=order,
        state=JobState.ENDED if result else state,
        submitted_at=_EPOCH + timedelta(milliseconds=header["submitted_ms"]),
        started_at=_instant(known["started_ms"]),
        ended_at=_instant(result["ended_ms"]) if result else None,
        outcome=JobOutcome(result["outcome"]) if result else None,
        exit_code=result["exit_code"] if result else None,
        reason=reasons.label(result) if result else None,
    )


def read_record(engine: str, line: dict[str, Any]) -> UsageRecord:
    """Read a line of the usage journal; its id is the engine's name and the order, which runs at most once."""
    return UsageRecord(
        record_id=f"{engine}:{line['order_id']}",
        order_id=UUID(line["order_id"]),
        resource_class=line["resource_class"],
        units=line["units"],
        started_at=_EPOCH + timedelta(milliseconds=line["started_ms"]),
        ended_at=_EPOCH + timedelta(milliseconds=line["ended_ms"]),
        elapsed_ms=line["elapsed_ms"],
        outcome=JobOutcome(line["outcome"]),
        cpu_ms=line["cpu_ms"],
        memory_peak_mib=line["memory_peak_mib"],
    )


def read_cursor(cursor: str, spool_id: str, size: int) -> int:
    """Read a cursor: the spool's id and an offset in its journal."""
    if not cursor:
        return 0
    owner, _, offset = cursor.partition(".")
    if owner != spool_id or not offset.isdecimal() or int(offset) > size:
        raise UnableToReadUsage(
            "cursor_foreign",
            f"游标{cursor!r}不属于本机作业目录；从空游标重新读取",
            f"cursor {cursor!r} is not of this machine's job folder; read again from the empty one",
            field="cursor",
        )
    return int(offset)

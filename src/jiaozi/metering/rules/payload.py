"""Reading the payload that a dispute keeps back into a record's columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

_ENGINE = ("cpu_ms", "elapsed_ms", "memory_peak_mib", "outcome", "resource_class", "units")
_IMPORT = ("account", "elapsed_ms", "outcome", "units")


def columns(payload: Mapping[str, Any], *, imported: bool) -> dict[str, Any]:
    """Give a kept payload as a usage record's columns; a trace's has no order, no class and no end of its own."""
    if imported:
        started_at = datetime.fromtimestamp(payload["started_s"], UTC)
        run = timedelta(milliseconds=max(payload["elapsed_ms"], 0))
        return {name: payload[name] for name in _IMPORT} | {"started_at": started_at, "ended_at": started_at + run}
    return {name: payload[name] for name in _ENGINE} | {
        "order_id": UUID(payload["order_id"]) if payload["order_id"] else None,
        "started_at": datetime.fromisoformat(payload["started_at"]),
        "ended_at": datetime.fromisoformat(payload["ended_at"]),
    }

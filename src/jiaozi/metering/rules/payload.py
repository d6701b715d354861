"""Reading the payload that a dispute keeps back into a record's columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.metering.rules.entry import EPOCH, MS

_ENGINE = ("cpu_ms", "elapsed_ms", "memory_peak_mib", "outcome", "resource_class", "units")
_ENTRY = ("account", "cpu_ms", "elapsed_ms", "memory_peak_mib", "outcome", "resource_class", "units")


def columns(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Give a kept payload as a usage record's columns; what came the voucher's way has its source, and no order."""
    if "source" in payload:
        return {name: payload[name] for name in (*_ENTRY, "source")} | {
            "started_at": EPOCH + payload["started_ms"] * MS,
            "ended_at": EPOCH + payload["ended_ms"] * MS,
        }
    return {name: payload[name] for name in _ENGINE} | {
        "order_id": UUID(payload["order_id"]) if payload["order_id"] else None,
        "started_at": datetime.fromisoformat(payload["started_at"]),
        "ended_at": datetime.fromisoformat(payload["ended_at"]),
    }

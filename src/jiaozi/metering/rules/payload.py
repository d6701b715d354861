"""Reading the payload that a dispute keeps back into a record's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.kernel.label import Label
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


_NAMES = {
    "order_id": Label("订单", "order"),
    "account": Label("账户", "account"),
    "resource_class": Label("资源类", "resource class"),
    "units": Label("数量", "units"),
    "started_at": Label("开始", "start"),
    "ended_at": Label("结束", "end"),
    "elapsed_ms": Label("运行时长（毫秒）", "run time (ms)"),
    "cpu_ms": Label("处理器时间（毫秒）", "processor time (ms)"),
    "memory_peak_mib": Label("内存峰值（MiB）", "memory peak (MiB)"),
    "outcome": Label("结果", "outcome"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a record as it came first, and as it came again."""

    label: Label
    first: Any
    other: Any

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return bool(self.first != self.other)


def side_by_side(first: Any, payload: Mapping[str, Any]) -> list[Figure]:
    """Put a record's figures beside those of a payload that came under its name; empty where that can't be read."""
    if "unreadable" in payload:
        return []
    other = columns(payload)
    return [Figure(label, getattr(first, name), other[name]) for name, label in _NAMES.items() if name in other]

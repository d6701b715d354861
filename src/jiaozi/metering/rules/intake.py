"""What a usage record is when it comes in: new, the same again, or a dispute; and whether it can be charged at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.refusal import Reason
from jiaozi.metering.rules import reasons
from jiaozi.order.ports import UsageRecord
from jiaozi.order.rules import State


class UsageState(StrEnum):
    """What became of a usage record."""

    RECEIVED = "RECEIVED"
    CAPTURED = "CAPTURED"
    HELD_BACK = "HELD_BACK"


class CaptureKind(StrEnum):
    """Whether a capture resolved an order's hold, or posted imported usage that had none."""

    ORDER = "ORDER"
    IMPORT = "IMPORT"


class Verdict(StrEnum):
    """What a record is beside those that are known."""

    NEW = "NEW"
    SAME = "SAME"
    DISPUTE = "DISPUTE"


OPEN_STATES = frozenset({State.HELD, State.SUBMITTED, State.QUEUED, State.RUNNING, State.ENDED})
"""States in which an order still waits for its usage."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What intake must know of the order that a record names."""

    centre: str
    state: State
    resource_class: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already when records come in: payloads by record id, orders by id."""

    payloads: Mapping[str, bytes]
    orders: Mapping[UUID, OrderFacts]


@dataclass(frozen=True, slots=True)
class Taken:
    """One record's verdict; ``reason`` holds a new record back, None lets it be charged."""

    record: UsageRecord
    digest: bytes
    verdict: Verdict
    reason: Reason | None = None


def payload_of(record: UsageRecord) -> dict[str, Any]:
    """Give a record's content as what its digest covers and a dispute keeps."""
    return {
        "cpu_ms": record.cpu_ms,
        "elapsed_ms": record.elapsed_ms,
        "ended_at": record.ended_at.isoformat(),
        "memory_peak_mib": record.memory_peak_mib,
        "order_id": str(record.order_id) if record.order_id else "",
        "outcome": record.outcome.value,
        "resource_class": record.resource_class,
        "started_at": record.started_at.isoformat(),
        "units": record.units,
    }


def payload_digest(record: UsageRecord) -> bytes:
    """Give the SHA-256 by which a record is the same again, or another under the same name."""
    return digest(payload_of(record))


def take_in(centre: str, records: Iterable[UsageRecord], known: Known) -> list[Taken]:
    """Judge records in turn; one that comes twice in a page is judged like one that came before."""
    seen = dict(known.payloads)
    taken = []
    for record in records:
        content = payload_digest(record)
        first = seen.setdefault(record.record_id, content)
        if record.record_id not in known.payloads and first is content:
            taken.append(Taken(record, content, Verdict.NEW, hold_back(centre, record, known.orders)))
        else:
            taken.append(Taken(record, content, Verdict.SAME if first == content else Verdict.DISPUTE))
    return taken


def hold_back(centre: str, record: UsageRecord, orders: Mapping[UUID, OrderFacts]) -> Reason | None:
    """Say why a new record can't be charged, or None when it can."""
    wrong = implausible(record)
    if wrong is not None:
        return wrong
    if record.order_id is None:
        return reasons.no_order()
    order = orders.get(record.order_id)
    if order is None:
        return reasons.order_unknown(record.order_id)
    if order.centre != centre:
        return reasons.order_elsewhere(order.centre)
    if order.resource_class != record.resource_class:
        return reasons.resource_differs(record.resource_class, order.resource_class)
    return None if order.state in OPEN_STATES else reasons.late(order.state)


def implausible(record: UsageRecord) -> Reason | None:
    """Say what of a record's quantities can't be, or None."""
    if record.units < 1:
        return reasons.units_not_positive(record.units)
    if record.elapsed_ms < 0:
        return reasons.elapsed_not_positive(record.elapsed_ms)
    span_ms = (record.ended_at - record.started_at) // timedelta(milliseconds=1)
    if span_ms < 0 or record.elapsed_ms > span_ms + reasons.TOLERANCE_MS:
        return reasons.times_disagree()
    return None

"""What a usage record is when it comes in: new, the same again, or a dispute; and whether it can be charged at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.metering.rules import reasons
from jiaozi.metering.rules.bounds import Read
from jiaozi.order.ports import UsageRecord
from jiaozi.order.rules import State


class UsageState(StrEnum):
    """What became of a usage record; a waived one is nobody's to pay, and stays so."""

    RECEIVED = "RECEIVED"
    CAPTURED = "CAPTURED"
    HELD_BACK = "HELD_BACK"
    WAIVED = "WAIVED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _STATES[self]


_STATES = {
    UsageState.RECEIVED: Label("待核销", "waits for its capture"),
    UsageState.CAPTURED: Label("已核销", "captured"),
    UsageState.HELD_BACK: Label("暂扣", "held back"),
    UsageState.WAIVED: Label("已免除", "waived"),
}


class CaptureKind(StrEnum):
    """What a capture is of: an order's compute, its data movement, imported usage, or what adds to an order later."""

    ORDER = "ORDER"
    IMPORT = "IMPORT"
    CORRECTION = "CORRECTION"
    MOVEMENT = "MOVEMENT"


class Verdict(StrEnum):
    """What a record is beside those that are known."""

    NEW = "NEW"
    SAME = "SAME"
    DISPUTE = "DISPUTE"


OPEN_STATES = frozenset({State.HELD, State.STAGING, State.SUBMITTED, State.QUEUED, State.RUNNING, State.ENDED})
"""States in which an order still waits for its usage."""

DOUBTS = frozenset({"UNITS_EXCEED_ORDER", "RUN_OUTSIDE_ORDER", "SECOND_RECORD"})
"""Reasons that an officer may overrule: the record can be charged, but it does not look like what was ordered."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What intake must know of the order that a record names."""

    centre: str
    state: State
    resource_class: str
    units: int
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already when records come in: payloads by record id, orders by id, orders that have usage."""

    payloads: Mapping[str, bytes]
    orders: Mapping[UUID, OrderFacts]
    metered: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Taken:
    """One record's verdict; ``reason`` holds a new record back, None lets it be charged."""

    record: UsageRecord
    digest: bytes
    verdict: Verdict
    reason: Reason | None = None


def take_in(centre: str, records: Iterable[Read], known: Known, now: datetime) -> list[Taken]:
    """Judge records in turn; one that comes twice in a page is judged like one that came before."""
    seen, metered = dict(known.payloads), set(known.metered)
    taken = []
    for each in records:
        record, content = each.record, each.digest
        first = seen.setdefault(record.record_id, content)
        if record.record_id in known.payloads or first is not content:
            taken.append(Taken(record, content, Verdict.SAME if first == content else Verdict.DISPUTE, each.wrong))
            continue
        reason = each.wrong or hold_back(centre, record, known.orders, now, second=record.order_id in metered)
        taken.append(Taken(record, content, Verdict.NEW, reason))
        if record.order_id is not None:
            metered.add(record.order_id)
    return taken


def hold_back(
    centre: str, record: UsageRecord, orders: Mapping[UUID, OrderFacts], now: datetime, *, second: bool
) -> Reason | None:
    """Say why a record can't be charged, or None when it can; ``second`` says that its order has another one."""
    wrong = implausible(record)
    if wrong is not None or record.order_id is None:
        return wrong or reasons.no_order()
    order = orders.get(record.order_id)
    if order is None or order.centre != centre:
        return reasons.order_elsewhere(order.centre) if order else reasons.order_unknown(record.order_id)
    if order.resource_class != record.resource_class:
        return reasons.resource_differs(record.resource_class, order.resource_class)
    if order.state not in OPEN_STATES:
        return reasons.late(order.state)
    return doubt(record, order, now, second=second)


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


def doubt(record: UsageRecord, order: OrderFacts, now: datetime, *, second: bool) -> Reason | None:
    """Say what of a record is not what was ordered, or None: an engine is not believed beyond the order."""
    if record.units > order.units:
        return reasons.units_exceed_order(record.units, order.units)
    tolerance = timedelta(milliseconds=reasons.TOLERANCE_MS)
    if record.started_at < order.quoted_at - tolerance or record.ended_at > now + tolerance:
        return reasons.run_outside_order()
    return reasons.second_record() if second else None

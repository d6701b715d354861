"""Usage: what centres push, what is held back and why, disputes, and rulings on both."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Limit, Page, at_instant, page
from jiaozi.api.shape import Done, Instant, Json, Name, Reasoned, Shape, Wish, Words, id_of, one_of
from jiaozi.kernel import clock
from jiaozi.kernel.period import local_date
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.metering.rules.ruling import Side
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.party.rules import Reach, Scope, reach_of

router = Router(tags=["usage"])
RECORDS_MAX = 1_000
Outcome = Annotated[JobOutcome, one_of(JobOutcome)]
SideName = Annotated[Side, one_of(Side)]
Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


class RecordWish(Wish):
    """What one job used, once; the same id with another content is a dispute, never a replacement."""

    record_id: Annotated[str, Field(min_length=1, max_length=200)]
    order_id: UUID | None = None
    resource_class: Name
    units: Whole
    started_at: Instant
    ended_at: Instant
    elapsed_ms: Whole
    outcome: Outcome
    cpu_ms: Whole | None = None
    memory_peak_mib: Whole | None = None


class Push(Wish):
    """Some records of a centre."""

    records: Annotated[list[RecordWish], Field(min_length=1, max_length=RECORDS_MAX)]


class Received(Shape):
    """What became of the records: none is refused."""

    new: int
    held_back: int
    same: int
    disputes: int


class UsageFilter(Wish):
    """A page of one centre's usage."""

    limit: Limit = 50
    cursor: Cursor = ""


class HeldBackShape(Shape):
    """A record that is not charged, with its reason."""

    id: UUID
    centre: str = id_of("centre")
    record_id: str
    source: str
    account: str
    order: UUID | None = id_of("order")
    resource_class: str
    units: int
    started_at: datetime
    ended_at: datetime
    elapsed_ms: int
    outcome: str
    received_at: datetime
    state: str
    reason_code: str
    reason: Words


class DisputeShape(Shape):
    """A record that came again with another content, kept beside the first."""

    id: UUID
    centre: str = id_of("centre")
    record_id: str
    payload: Json
    received_at: datetime
    resolved_at: datetime | None
    resolution: str


class Retry(Reasoned):
    """A reason, and for imported usage the voucher that is to pay."""

    voucher: UUID | None = None


class Resolution(Reasoned):
    """Which of the two contents holds."""

    accept: SideName


def held_back_shape(row: UsageRow) -> HeldBackShape:
    """Show a record that stands still."""
    row.reason = Words(zh=row.reason_zh, en=row.reason_en)  # type: ignore[attr-defined]
    return HeldBackShape.model_validate(row)


def dispute_shape(row: UsageDispute) -> DisputeShape:
    """Show a dispute."""
    return DisputeShape.model_validate(row)


def _centre(request: Asked, centre: str) -> str:
    reach = reach_of(request.auth, request.auth.programme, Reach(centre=centre), holders=False)
    return reach.centre or centre


def affairs(request: Asked, asked: UsageFilter) -> dict[str, Any]:
    """Give a page's bounds, and narrow it to the programme that the membership names; a centre sees all of its own."""
    bounds = {"after": at_instant(asked.cursor), "limit": asked.limit + 1}
    return bounds | {"programme": request.auth.programme, "on": local_date(request.now)}


@writes(router, "/centres/{centre}/usage", Received, scope=Scope.METER)
def push_usage(request: Asked, centre: Name, given: Push) -> Received:
    """Push usage records; each is stored once, and one that is not what was ordered is held back with its reason."""
    records = [UsageRecord(**each.model_dump()) for each in given.records]
    return Received.model_validate(
        metering.push(centre=centre, records=records, by=request.auth, now=clock.now()), from_attributes=True
    )


@reads(router, "/centres/{centre}/usage/held-back", Page[HeldBackShape])
def list_held_back_usage(request: Asked, centre: Name, asked: Query[UsageFilter]) -> Page[HeldBackShape]:
    """A centre's usage that is not charged, the latest first, each with its reason; of the caller's own programme."""
    rows = queries.held_back(_centre(request, centre), **affairs(request, asked))
    return page(rows, asked.limit, held_back_shape, lambda row: (row.received_at, row.id))


@reads(router, "/centres/{centre}/usage/disputes", Page[DisputeShape])
def list_usage_disputes(request: Asked, centre: Name, asked: Query[UsageFilter]) -> Page[DisputeShape]:
    """A centre's disputes that nobody has resolved, the latest first."""
    rows = queries.disputes(_centre(request, centre), **affairs(request, asked))
    return page(rows, asked.limit, dispute_shape, lambda row: (row.received_at, row.id))


def _ruled(verb: Any, request: Asked, usage_id: UUID, **words: Any) -> HeldBackShape:
    verb(usage_id=usage_id, by=request.auth, now=clock.now(), **words)
    return held_back_shape(queries.usage(usage_id))


@writes(router, "/usage/{usage_id}/retry", HeldBackShape, scope=Scope.SETTLE)
def retry_usage(request: Asked, usage_id: UUID, given: Retry) -> HeldBackShape:
    """Rate held-back usage again on what holds now."""
    return _ruled(metering.retry_usage, request, usage_id, reason=given.reason, voucher_id=given.voucher)


@writes(router, "/usage/{usage_id}/accept", HeldBackShape, scope=Scope.SETTLE)
def accept_usage(request: Asked, usage_id: UUID, given: Reasoned) -> HeldBackShape:
    """Let usage count although it does not look like what was ordered."""
    return _ruled(metering.accept_usage, request, usage_id, reason=given.reason)


@writes(router, "/usage/{usage_id}/waive", HeldBackShape, scope=Scope.SETTLE)
def waive_usage(request: Asked, usage_id: UUID, given: Reasoned) -> HeldBackShape:
    """Decide that nobody pays a held-back record."""
    return _ruled(metering.waive_usage, request, usage_id, reason=given.reason)


@writes(router, "/usage/{usage_id}/charge-late", HeldBackShape, scope=Scope.SETTLE)
def charge_late_usage(request: Asked, usage_id: UUID, given: Reasoned) -> HeldBackShape:
    """Charge usage that came after its order had closed, as far as the order's own hold would have covered it."""
    return _ruled(metering.charge_late, request, usage_id, reason=given.reason)


@writes(router, "/orders/{order_id}/waive", Done, scope=Scope.SETTLE)
def waive_order(request: Asked, order_id: UUID, given: Reasoned) -> Done:
    """Decide that nobody pays an ended order whose usage never came or can't be charged."""
    metering.waive_usage(order_id=order_id, reason=given.reason, by=request.auth, now=clock.now())
    return Done()


@writes(router, "/disputes/{dispute_id}/resolve", DisputeShape, scope=Scope.SETTLE)
def resolve_usage_dispute(request: Asked, dispute_id: UUID, given: Resolution) -> DisputeShape:
    """Resolve a dispute for the old content, or for the new one."""
    row = metering.resolve_dispute(
        dispute_id=dispute_id, accept=given.accept, reason=given.reason, by=request.auth, now=clock.now()
    )
    return dispute_shape(row)

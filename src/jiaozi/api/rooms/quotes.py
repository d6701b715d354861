"""Quotes: every place where a job could run, priced and ranked side by side; and each that couldn't, with reasons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads
from jiaozi.api.shape import Fen, Instant, Name, Shape, Why, Wish, Words, one_of
from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.queries import options_for
from jiaozi.dispatch.rules import Option, Request, Turned
from jiaozi.dispatch.rules.request import BYTES_MAX, DURATION_MAX_S, RTT_MAX_US, UNITS_MAX
from jiaozi.party.rules import check_may_see
from jiaozi.voucher import queries as vouchers

router = Router(tags=["quotes"])
TierName = Annotated[Tier, one_of(Tier)]


class JobFilter(Wish):
    """The job: what it needs, where its data lies, by when, and the most that it may cost."""

    resource_class: Name
    units: Annotated[int, Field(ge=1, le=UNITS_MAX)]
    duration_s: Annotated[int, Field(ge=1, le=DURATION_MAX_S)]
    earliest: Instant | None = None
    latest_start: Instant | None = None
    deadline: Instant | None = None
    data_at: Name | None = None
    data_bytes: Annotated[int, Field(ge=0, le=BYTES_MAX)] = 0
    result_bytes: Annotated[int, Field(ge=0, le=BYTES_MAX)] = 0
    latency_to: Name | None = None
    latency_max_us: Annotated[int, Field(ge=1, le=RTT_MAX_US)] | None = None
    residency: TierName | None = None
    tier: TierName | None = Field(None, description="whose places go first; none: the programme's tier rule alone")
    budget_fen: Fen | None = None
    wait_fen_per_hour: Fen = 0


class OptionShape(Shape):
    """A place that can serve the job; price = compute + movement = voucher's share + own share, in fen."""

    centre: str
    tier: str
    tariff: UUID
    starts_at: datetime
    ends_at: datetime
    compute_fen: int
    movement_fen: int
    waiting_fen: int
    price_fen: int
    voucher_fen: int
    own_fen: int
    score_fen: int = Field(description="what ranks it: the price and what waiting is worth")
    notes: list[str]


class TurnedShape(Shape):
    """A place that can't, with every reason."""

    centre: str
    reasons: list[Why]


class ChangeShape(Shape):
    """What would make a place possible: this field to this value."""

    field: str
    value: int | str | None
    centre: str
    label: Words


class Quotes(Shape):
    """The places, the best first; those turned down; and what would help where there is none."""

    options: list[OptionShape]
    turned: list[TurnedShape]
    changes: list[ChangeShape]
    reason: Why | None


def _request(asked: JobFilter, voucher_id: UUID) -> Request:
    return Request(
        id=str(voucher_id),
        resource_class=asked.resource_class,
        units=asked.units,
        duration_s=asked.duration_s,
        earliest_s=int(asked.earliest.timestamp()) if asked.earliest else 0,
        latest_start_s=int(asked.latest_start.timestamp()) if asked.latest_start else None,
        deadline_s=int(asked.deadline.timestamp()) if asked.deadline else None,
        data_at=asked.data_at,
        data_bytes=asked.data_bytes,
        result_bytes=asked.result_bytes,
        latency_to=asked.latency_to,
        latency_max_us=asked.latency_max_us,
        residency=asked.residency,
        tier=asked.tier,
        budget_fen=asked.budget_fen,
        wait_fen_per_hour=asked.wait_fen_per_hour,
    )


@reads(router, "/vouchers/{voucher_id}/quotes", Quotes)
def list_quotes(request: Asked, voucher_id: UUID, asked: Query[JobFilter]) -> Quotes:
    """Where a job under this voucher could run, at which price, and who pays what of it. Nothing is ordered."""
    row = vouchers.voucher(voucher_id)
    check_may_see(request.auth, holder=row.holder_id, programme=row.programme)
    wanted = asked if asked.earliest else asked.model_copy(update={"earliest": request.now})
    answer = options_for(row, _request(wanted, voucher_id), request.now)
    return Quotes.model_construct(
        options=[_option(each) for each in answer.options],
        turned=[_turned(each) for each in answer.turned],
        changes=[ChangeShape.model_validate(each) for each in answer.changes],
        reason=Why.model_validate(answer.reason) if answer.reason else None,
    )


def _option(each: Option) -> OptionShape:
    return OptionShape.model_construct(
        centre=each.centre,
        tier=each.offer.tier.value,
        tariff=each.offer.tariff.id,
        starts_at=datetime.fromtimestamp(each.start_s, UTC),
        ends_at=datetime.fromtimestamp(each.end_s, UTC),
        compute_fen=each.compute_fen,
        movement_fen=each.movement_fen,
        waiting_fen=each.waiting_fen,
        price_fen=each.price_fen,
        voucher_fen=each.voucher_fen,
        own_fen=each.own_fen,
        score_fen=each.score_fen,
        notes=list(each.notes),
    )


def _turned(each: Turned) -> TurnedShape:
    return TurnedShape.model_construct(
        centre=each.offer.centre, reasons=[Why.model_validate(reason) for reason in each.reasons]
    )

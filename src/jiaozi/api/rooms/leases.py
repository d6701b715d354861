"""Leases: what of a voucher is set aside at which centre, who may allow it, and taking it back from a silent centre."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.shape import Done, Reasoned, Shape, Wish, Words, one_of
from jiaozi.kernel import clock
from jiaozi.lease import queries
from jiaozi.lease import services as lease
from jiaozi.lease.models import Lease, LeaseJob
from jiaozi.lease.rules import State, Verdict
from jiaozi.party.rules import Reach, Scope, reach_of

router = Router(tags=["vouchers"])
LeaseState = Annotated[State, one_of(State)]
LossVerdict = Annotated[Verdict, one_of(Verdict)]


class LossRulingShape(Shape):
    """One ruling on a loss, with its reason."""

    verdict: LossVerdict
    reason: str
    by: str
    at: datetime


class LeaseShape(Shape):
    """One lease; granted = left + spent + returned, in fen of the voucher, and likewise of the holder's own money."""

    id: UUID
    voucher: UUID
    holder: UUID
    holder_name: str
    centre: str
    state: LeaseState
    granted_fen: int
    left_fen: int
    spent_fen: int
    returned_fen: int
    own_granted_fen: int
    own_left_fen: int
    own_spent_fen: int
    own_returned_fen: int
    opened_at: datetime
    ends_at: datetime = Field(description="from then on the centre admits nothing")
    due_at: datetime = Field(description="until then the centre may still tell what it ran")
    closed_at: datetime | None


class LeaseFilter(Filter):
    """Which leases."""

    voucher: UUID | None = None
    holder: UUID | None = None
    centre: Annotated[str, Field(max_length=40)] | None = None


class LeaseKey(Wish):
    """The key that signs what a centre may run."""

    key: Annotated[str, Field(min_length=1, max_length=1_000, description="an Ed25519 public key in PEM")]


class LossShape(Shape):
    """A job that its centre bears itself, why, and what was ruled on it: the last ruling counts."""

    id: UUID
    centre: str
    lease_told: UUID
    order_told: UUID
    told_at: datetime
    reason: str
    label: Words
    rulings: list[LossRulingShape]


class LossFilter(Filter):
    """Which losses."""

    centre: Annotated[str, Field(max_length=40)] | None = None


class LossRuling(Reasoned):
    """What is decided."""

    verdict: LossVerdict


def loss_shown(row: LeaseJob) -> LossShape:
    """Show a centre's loss."""
    return LossShape.model_construct(
        id=row.id,
        centre=row.centre_id,
        lease_told=row.lease_told,
        order_told=row.order_told,
        told_at=row.told_at,
        reason=row.reason_code,
        label=Words.model_construct(zh=row.reason_zh, en=row.reason_en),
        rulings=[
            LossRulingShape.model_construct(verdict=Verdict(each.verdict), reason=each.reason, by=each.by, at=each.at)
            for each in row.rulings.all()
        ],
    )


def shown(row: Lease) -> LeaseShape:
    """Show a lease."""
    return LeaseShape.model_construct(
        id=row.id,
        voucher=row.voucher_id,
        holder=row.voucher.holder_id,
        holder_name=row.voucher.holder.name,
        centre=row.centre_id,
        state=State(row.state),
        granted_fen=row.granted_voucher_fen,
        left_fen=row.voucher_fen,
        spent_fen=row.spent_voucher_fen,
        returned_fen=row.returned_voucher_fen,
        own_granted_fen=row.granted_own_fen,
        own_left_fen=row.own_fen,
        own_spent_fen=row.spent_own_fen,
        own_returned_fen=row.returned_own_fen,
        opened_at=row.opened_at,
        ends_at=row.ends_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
    )


@reads(router, "/leases", Page[LeaseShape])
def list_leases(request: Asked, asked: Query[LeaseFilter]) -> Page[LeaseShape]:
    """Leases, the latest first; a holder sees those of its vouchers, a centre its own."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder, asked.centre))
    rows = queries.leases(
        programme=programme,
        voucher=asked.voucher,
        holder=reach.holder,
        centre=reach.centre,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, shown, lambda row: (row.opened_at, row.id))


@writes(router, "/vouchers/{voucher_id}/leases/allow", Done, scope=Scope.SPEND)
def allow_leases(request: Asked, voucher_id: UUID, given: LeaseKey) -> Done:
    """Let centres run jobs that this key signs, without asking the platform, within a lease."""
    lease.allow(voucher_id=voucher_id, holder_key=given.key, by=request.auth, now=clock.now())
    return Done()


@writes(router, "/vouchers/{voucher_id}/leases/disallow", Done, scope=Scope.SPEND)
def disallow_leases(request: Asked, voucher_id: UUID) -> Done:
    """Have no more leases of a voucher; those that are open are asked back."""
    lease.disallow(voucher_id=voucher_id, by=request.auth, now=clock.now())
    return Done()


@reads(router, "/lease-losses", Page[LossShape])
def list_lease_losses(request: Asked, asked: Query[LossFilter]) -> Page[LossShape]:
    """Jobs that centres ran at their own cost, the latest first; for those who oversee, and a centre its own."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(centre=asked.centre), holders=False)
    rows = queries.losses(
        reach.centre,
        programme=asked.programme or request.auth.programme,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, loss_shown, lambda row: (row.told_at, row.id))


@writes(router, "/lease-losses/{loss_id}/rule", LossShape, scope=Scope.SETTLE)
def rule_lease_loss(request: Asked, loss_id: UUID, given: LossRuling) -> LossShape:
    """Close a centre's loss as its own to bear, or keep that it disputes it; no money moves."""
    lease.rule_loss(loss_id=loss_id, verdict=given.verdict, reason=given.reason, by=request.auth, now=clock.now())
    return loss_shown(queries.loss(loss_id))


@writes(router, "/leases/{lease_id}/write-off", LeaseShape, scope=Scope.DECIDE)
def write_off_lease(request: Asked, lease_id: UUID, given: Reasoned) -> LeaseShape:
    """Take back what a centre that does not answer left of a lease that is over; what it tells later it bears."""
    lease.write_off(lease_id=lease_id, by=request.auth, now=clock.now(), reason=given.reason)
    return shown(queries.lease(lease_id))

"""Spending limits of an organisation's members: who has one, what counts for it, and setting it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Limit, Page, at_id, page
from jiaozi.api.shape import Done, Fen, Shape, Wish, one_of
from jiaozi.kernel import clock
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.queries import Limited
from jiaozi.order.rules.spending import Per
from jiaozi.party.rules import Scope

router = Router(tags=["organisations"])
PerName = Annotated[Per, one_of(Per)]


class SpendingLimitShape(Shape):
    """What a member may spend on orders: limit = spent + left, as long as it was not lowered below what was spent."""

    id: UUID
    organisation: UUID
    person: UUID
    per: PerName
    limit_fen: int
    spent_fen: int = Field(description="held and captured by the member's orders, of this month where `per` is MONTH")
    left_fen: int
    set_at: datetime


class SpendingLimitFilter(Wish):
    """A page of limits."""

    limit: Limit = 50
    cursor: Cursor = ""


class SpendingLimitWish(Wish):
    """What a member may spend from now on; 0 lets the member order only what costs nothing."""

    per: PerName
    limit_fen: Fen


def _shown(each: Limited) -> SpendingLimitShape:
    return SpendingLimitShape(
        id=each.row.id,
        organisation=each.row.organisation_id,
        person=each.row.person_id,
        per=each.spending.per,
        limit_fen=each.spending.limit_fen,
        spent_fen=each.spending.spent_fen,
        left_fen=each.spending.left_fen,
        set_at=each.row.set_at,
    )


@reads(router, "/organisations/{organisation_id}/spending-limits", Page[SpendingLimitShape])
def list_spending_limits(
    request: Asked, organisation_id: UUID, asked: Query[SpendingLimitFilter]
) -> Page[SpendingLimitShape]:
    """The limits in force of an organisation's members; a member who is no administrator sees its own."""
    after = at_id(asked.cursor)
    rows = queries.limits(request.auth, organisation_id, clock.now(), after=after, limit=asked.limit + 1)
    return page(rows, asked.limit, _shown, lambda each: (each.row.id,))


@writes(router, "/memberships/{membership_id}/spending-limit", SpendingLimitShape, scope=Scope.ADMINISTER)
def set_spending_limit(request: Asked, membership_id: UUID, given: SpendingLimitWish) -> SpendingLimitShape:
    """Limit what a member may spend; one that stands already is replaced. Nobody sets one's own."""
    by, now, fen = request.auth, clock.now(), given.limit_fen
    row = order.set_limit(membership_id=membership_id, per=given.per, limit_fen=fen, by=by, now=now)
    return _shown(queries.limited(row, now))


@writes(router, "/memberships/{membership_id}/spending-limit/remove", Done, scope=Scope.ADMINISTER)
def remove_spending_limit(request: Asked, membership_id: UUID) -> Done:
    """Let a member spend without a limit; done as well where there was none."""
    order.remove_limit(membership_id=membership_id, by=request.auth, now=clock.now())
    return Done()

"""Holders' own money at centres: recording what was prepaid or granted, and reading what is left."""

from __future__ import annotations

from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.shape import Done, Fen, Instant, Name, Shape, Wish, id_of
from jiaozi.kernel import clock
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import OwnCredit
from jiaozi.party import queries as party
from jiaozi.party.rules import Reach, Scope, reach_of
from jiaozi.policy import queries as policy

router = Router(tags=["orders"])


class Credit(Wish):
    """What a holder prepaid, or what credit a centre granted it; ``reference`` makes it once."""

    programme: Name = ""
    holder: UUID
    centre: Name
    amount_fen: Fen
    reference: UUID


class CreditShape(Shape):
    """One record of what a holder prepaid, or was granted as credit."""

    id: UUID = Field(description="the reference under which it was recorded")
    holder: UUID = id_of("holder")
    centre: str = id_of("centre")
    amount_fen: Fen
    at: Instant


class CreditFilter(Filter):
    """What a list of records is asked with."""

    holder: UUID | None = None
    centre: Name | None = None


class OwnMoneyShape(Shape):
    """A holder's own money at one centre."""

    centre: str
    free_fen: Fen = Field(description="may be held for the next order")
    held_fen: Fen = Field(description="held for orders under way")


class OwnMoneyEverywhere(Shape):
    """A holder's own money at every centre that is connected, or where something was recorded for it."""

    items: list[OwnMoneyShape]


@writes(router, "/credits", Done, scope=Scope.OFFER)
def credit_holder(request: Asked, given: Credit) -> Done:
    """Record what a holder prepaid at a centre, or what credit the centre granted it."""
    order.credit_own(
        programme=programme_of(request, given.programme),
        holder_id=given.holder,
        centre=given.centre,
        amount_fen=given.amount_fen,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
    )
    return Done()


@reads(router, "/credits", Page[CreditShape])
def list_credits(request: Asked, asked: Query[CreditFilter]) -> Page[CreditShape]:
    """What was recorded, the latest first; a holder sees its own, a centre what it recorded."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder, asked.centre))
    rows: list[OwnCredit] = queries.own_credits(
        programme=programme,
        holder=reach.holder,
        centre=reach.centre,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, CreditShape.model_validate, lambda row: (row.at, row.id))


@reads(router, "/organisations/{organisation_id}/own-money", OwnMoneyEverywhere)
def get_own_money(request: Asked, organisation_id: UUID, programme: Name = "") -> OwnMoneyEverywhere:
    """What is left of a holder's own money at each centre, connected or not; a centre sees its own."""
    slug = programme_of(request, programme)
    reach = reach_of(request.auth, slug, Reach(organisation_id))
    policy.require_programme(slug)
    found = queries.own_places(slug, party.organisation(organisation_id).id)
    items = [
        OwnMoneyShape(centre=centre.id, free_fen=left.free_fen, held_fen=left.held_fen)
        for centre, left in found
        if reach.centre in {None, centre.id}
    ]
    return OwnMoneyEverywhere(items=items)

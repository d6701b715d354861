"""Search and trace: a thing by what stands on paper, and all that a voucher is made of."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads
from jiaozi.api.shape import Json, Shape, Wish, Words, one_of
from jiaozi.party.rules import check_oversees
from jiaozi.settlement.queries.finding import TEXT_MAX, Thing, find
from jiaozi.settlement.queries.tracing import chain, chain_to_json

router = Router(tags=["journal"])
ThingName = Annotated[Thing, one_of(Thing)]


class HitShape(Shape):
    """One thing that was found, and the dossier whose chain, or the statement that, shows it."""

    thing: ThingName
    label: Words
    id: UUID
    number: str
    holder: str
    application: UUID | None
    statement: UUID | None


class Hits(Shape):
    """What was found, at most twenty of a kind."""

    items: list[HitShape]


class SearchWish(Wish):
    """What to look for, in which programme."""

    programme: Annotated[str, Field(min_length=1, max_length=60)]
    q: Annotated[str, Field(min_length=2, max_length=TEXT_MAX)]


class ChainShape(Shape):
    """A voucher with all that led to it and all that it led to: amounts in fen, instants in UTC, digests in hex."""

    application: Json
    decisions: list[Json]
    voucher: Json | None
    orders: list[Json]
    usage: list[Json]
    captures: list[Json]
    statement_lines: list[Json]
    redemptions: list[Json]
    entries: list[Json]
    journal: list[Json]
    complete: bool = Field(description="false where orders or journal lines were left out")


@reads(router, "/search", Hits)
def search_things(request: Asked, asked: Query[SearchWish]) -> Hits:
    """Find by a whole id, a number as it stands on screen, a credit code, a part of a name, a bank reference."""
    check_oversees(request.auth, asked.programme)
    found = find(asked.q, asked.programme)
    return Hits(
        items=[
            HitShape(
                thing=each.thing,
                label=Words.model_validate(each.thing.label),
                id=each.id,
                number=each.number,
                holder=each.holder,
                application=each.application,
                statement=each.statement,
            )
            for each in found
        ]
    )


@reads(router, "/chains/{application_id}", ChainShape)
def get_chain(request: Asked, application_id: UUID) -> ChainShape:
    """Follow a dossier's money from the decision to the bank; for those who oversee its programme."""
    found = chain(application_id)
    check_oversees(request.auth, found.application.programme)
    return ChainShape.model_validate(chain_to_json(found))

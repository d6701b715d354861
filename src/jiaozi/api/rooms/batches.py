"""Batches: many dossiers approved in one act under the pools, with the effect asked for before."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.shape import Name, Shape, Why, Wish, Words
from jiaozi.kernel import clock
from jiaozi.party.rules import Reach, Scope, reach_of
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules.batch import BATCH_MAX, Choice

router = Router(tags=["applications"])


class BatchWish(Wish):
    """Which dossiers, in the order in which the pools are drawn on."""

    programme: Name = ""
    application: Annotated[list[UUID], Field(min_length=1, max_length=BATCH_MAX)]


class DossierAhead(Shape):
    """One dossier of a batch before it is done: without reasons it would be approved."""

    application: UUID
    amount_fen: int | None
    reasons: list[Why]


class PoolAhead(Shape):
    """What a batch would take from a cap or the year's budget; ``shared`` by the whole programme, or one holder's."""

    key: str
    label: Words
    shared: bool
    left_fen: int
    takes_fen: int
    after_fen: int


class BatchEffect(Shape):
    """What approving dossiers would do now; the verb decides again when it is done."""

    asked_fen: int
    sum_fen: int
    dossiers: list[DossierAhead]
    pools: list[PoolAhead]


class DossierChoiceWish(Wish):
    """One dossier, and why it is approved."""

    application: UUID
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class BatchApproval(Wish):
    """Dossiers to be approved, in the order in which the pools are drawn on."""

    programme: Name = ""
    choices: Annotated[list[DossierChoiceWish], Field(min_length=1, max_length=BATCH_MAX)]


class BatchLineShape(Shape):
    """What became of one dossier: ``made`` is its voucher or award, ``reason`` why there is none."""

    application: UUID
    made: UUID | None
    amount_fen: int
    reason: Why | None


class BatchShape(Shape):
    """What became of a batch."""

    id: UUID
    approved: int
    amount_fen: int
    lines: list[BatchLineShape]


@reads(router, "/batches/effect", BatchEffect, scope=Scope.DECIDE)
def preview_batch_approval(request: Asked, asked: Query[BatchWish]) -> BatchEffect:
    """What approving these dossiers would do: the sum, what is left in each pool, who would not pass and why."""
    programme = programme_of(request, asked.programme)
    reach_of(request.auth, programme, Reach(), holders=False, centres=False)
    ahead = queries.batch_ahead(programme, asked.application, by=request.auth, now=clock.now())
    return BatchEffect.model_construct(
        asked_fen=ahead.effect.asked_fen,
        sum_fen=ahead.effect.sum_fen,
        dossiers=[
            DossierAhead.model_construct(
                application=row.id,
                amount_fen=row.amount_fen,
                reasons=[Why.model_validate(reason) for reason in ahead.effect.reasons[row.id]],
            )
            for row in ahead.rows
        ],
        pools=[_pool(each) for each in ahead.effect.pools],
    )


def _pool(each: Any) -> PoolAhead:
    return PoolAhead.model_construct(
        key=each.pool.key,
        label=Words.model_validate(each.pool.label),
        shared=each.pool.shared,
        left_fen=each.pool.left_fen,
        takes_fen=each.takes_fen,
        after_fen=each.after_fen,
    )


@writes(router, "/batches/approve", BatchShape, scope=Scope.DECIDE)
def approve_batch(request: Asked, given: BatchApproval) -> BatchShape:
    """Approve dossiers after their public notice, each with its own reason; each stands or falls by itself."""
    done = settlement.approve_batch(
        programme=programme_of(request, given.programme),
        choices=[Choice(each.application, each.reason) for each in given.choices],
        by=request.auth,
        now=clock.now(),
    )
    return BatchShape.model_validate(done)

"""Awards: what a programme gives beside vouchers, earmarked once and paid by stages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.rooms.redemptions import BankPayment
from jiaozi.api.shape import Reasoned, Shape, Words, id_of, one_of
from jiaozi.kernel import clock
from jiaozi.party.rules import Reach, Scope, check_may_see, reach_of
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Award, AwardStage
from jiaozi.settlement.rules.award import AwardState, StageState

router = Router(tags=["awards"])
AwardStateName = Annotated[AwardState, one_of(AwardState)]
StageStateName = Annotated[StageState, one_of(StageState)]


class StageShape(Shape):
    """A part of an award that is paid by itself, once its papers were accepted."""

    id: UUID
    award: UUID = id_of("award")
    number: int
    label: Words
    needs: list[str]
    amount_fen: int
    state: StageStateName
    accepted_at: datetime | None


class AwardShape(Shape):
    """One award."""

    id: UUID
    programme: str
    application: UUID = id_of("application")
    holder: UUID = id_of("holder")
    clause: str
    face_fen: int
    state: AwardStateName
    reason: str
    awarded_at: datetime
    stages: list[StageShape]


class AwardFilter(Filter):
    """Which awards."""

    holder: UUID | None = None


def _stage(row: AwardStage) -> StageShape:
    row.label = Words(zh=row.zh, en=row.en)  # type: ignore[attr-defined]
    return StageShape.model_validate(row)


def _shown(row: Award, stages: list[AwardStage]) -> AwardShape:
    return AwardShape.model_construct(
        id=row.id,
        programme=row.programme,
        application=row.application_id,
        holder=row.holder_id,
        clause=row.clause,
        face_fen=row.face_fen,
        state=AwardState(row.state),
        reason=row.reason,
        awarded_at=row.awarded_at,
        stages=[_stage(stage) for stage in stages],
    )


def _loaded(row: Award) -> AwardShape:
    return _shown(row, sorted(row.stages.all(), key=lambda stage: stage.number))


@reads(router, "/awards", Page[AwardShape])
def list_awards(request: Asked, asked: Query[AwardFilter]) -> Page[AwardShape]:
    """Awards, the latest first; a holder sees its own."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder), centres=False)
    rows = queries.awards(programme, holder=reach.holder, after=at_instant(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _loaded, lambda row: (row.awarded_at, row.id))


@reads(router, "/awards/{award_id}", AwardShape)
def get_award(request: Asked, award_id: UUID) -> AwardShape:
    """One award with its stages."""
    row = queries.award(award_id)
    check_may_see(request.auth, holder=row.holder_id, programme=row.programme)
    return _shown(row, queries.stages(row.id))


@writes(router, "/applications/{application_id}/award", AwardShape, scope=Scope.DECIDE)
def grant_award(request: Asked, application_id: UUID) -> AwardShape:
    """Approve an application after its public notice and earmark its award, in one step."""
    row = settlement.award(application_id=application_id, by=request.auth, now=clock.now())
    return _shown(row, queries.stages(row.id))


@writes(router, "/award-stages/{stage_id}/accept", StageShape, scope=Scope.DECIDE)
def accept_award_report(request: Asked, stage_id: UUID) -> StageShape:
    """Accept the papers that a stage waits for."""
    return _stage(settlement.accept_report(stage_id=stage_id, by=request.auth, now=clock.now()))


@writes(router, "/award-stages/{stage_id}/pay", StageShape, scope=Scope.SETTLE)
def pay_award_stage(request: Asked, stage_id: UUID, given: BankPayment) -> StageShape:
    """Record that a stage was paid."""
    row = settlement.pay_award(stage_id=stage_id, bank_reference=given.bank_reference, by=request.auth, now=clock.now())
    return _stage(row)


@writes(router, "/awards/{award_id}/withdraw", AwardShape, scope=Scope.DECIDE)
def withdraw_award(request: Asked, award_id: UUID, given: Reasoned) -> AwardShape:
    """Take back what is not paid of an award, with the reason."""
    row = settlement.withdraw_award(award_id=award_id, reason=given.reason, by=request.auth, now=clock.now())
    return _shown(row, queries.stages(row.id))

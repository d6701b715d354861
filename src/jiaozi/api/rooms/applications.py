"""Applications: the dossier from submission to decision, and what an officer does with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.rooms.vouchers import VoucherShape
from jiaozi.api.rooms.vouchers import shown as voucher_shown
from jiaozi.api.shape import Fen, Instant, Json, Name, Reasoned, Shape, Text, Why, Wish, id_of, one_of, path_of
from jiaozi.application import queries
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.application.rules import State
from jiaozi.application.services.screening import screen
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.party.rules import Reach, Scope, check_may_see, reach_of
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.services.issue import issue

router = Router(tags=["applications"])
ApplicationState = Annotated[State, one_of(State)]


class ApplicationRow(Shape):
    """One application, as a list shows it."""

    id: UUID
    programme: str
    version: UUID = id_of("version")
    clause: str
    holder: UUID = id_of("holder")
    holder_name: str = path_of("holder", "name")
    state: ApplicationState
    amount_fen: int | None
    submitted_at: datetime
    notice_until: datetime | None
    decided_at: datetime | None


class ApplicationShape(ApplicationRow):
    """One application with its facts, the policy's decision and the reasons."""

    facts: Json
    decision: Json | None
    reasons: list[Why]
    hand: Json | None
    applied_by: str


class ApplicationFilter(Filter):
    """Which applications."""

    holder: UUID | None = None
    state: list[ApplicationState] = []


class NewApplication(Wish):
    """What an organisation applies for; who it is comes from the register."""

    holder: UUID
    version: UUID = Field(description="the programme's version, pinned from now on")
    clause: Name
    claimed: Json = Field(description='the facts that the applicant states, such as {"need": {"compute_cost": "30万"}}')


class Claimed(Wish):
    """What is claimed now; it replaces what was claimed before."""

    claimed: Json


class Missing(Wish):
    """What is missing."""

    missing: Annotated[str, Field(min_length=1, max_length=400)]


class Notice(Wish):
    """Until when the amount is on public notice."""

    until: Instant


class Rejection(Wish):
    """The officer's own words, in both languages; the policy's reasons without them."""

    zh: Text = ""
    en: Text = ""


class HandDecided(Reasoned):
    """A person's decision on a clause that leaves the amount open."""

    amount_fen: Fen


class Raised(Shape):
    """The alerts that a screening raised anew."""

    alerts: list[UUID]


def _shown(row: Application) -> ApplicationShape:
    return ApplicationShape.model_validate(row)


def _seen(request: Asked, application_id: UUID, *, lock: bool = False) -> ApplicationShape:
    row = queries.application(application_id, lock=lock)
    check_may_see(request.auth, holder=row.holder_id, programme=row.programme)
    return _shown(row)


def _held_fast(request: Asked, application_id: UUID) -> ApplicationShape:
    return _seen(request, application_id, lock=True)


def _step(verb: Any, request: Asked, application_id: UUID, **words: Any) -> ApplicationShape:
    return _shown(verb(application_id=application_id, by=request.auth, now=clock.now(), **words))


@reads(router, "/applications", Page[ApplicationRow])
def list_applications(request: Asked, asked: Query[ApplicationFilter]) -> Page[ApplicationRow]:
    """Applications, the latest first; an applicant sees those of its organisation."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder), centres=False)
    rows = queries.applications(
        programme=programme,
        holder=reach.holder,
        states=asked.state,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, ApplicationRow.model_validate, lambda row: (row.submitted_at, row.id))


@writes(router, "/applications/drafts", ApplicationShape, scope=Scope.APPLY)
def draft_application(request: Asked, given: NewApplication) -> ApplicationShape:
    """Begin an application that is completed before it is submitted; facts may still be missing."""
    row = application.draft(
        holder_id=given.holder,
        version_id=given.version,
        clause=given.clause,
        claimed=given.claimed,
        by=request.auth,
        now=clock.now(),
    )
    return _shown(row)


@reads(router, "/applications/{application_id}", ApplicationShape)
def get_application(request: Asked, application_id: UUID) -> ApplicationShape:
    """One application with its facts, decision and reasons."""
    return _seen(request, application_id)


@writes(router, "/applications", ApplicationShape, scope=Scope.APPLY)
def apply_for_voucher(request: Asked, given: NewApplication) -> ApplicationShape:
    """Submit an application; its papers are attached to it afterwards."""
    row = application.apply(
        holder_id=given.holder,
        version_id=given.version,
        clause=given.clause,
        claimed=given.claimed,
        by=request.auth,
        now=clock.now(),
    )
    return _shown(row)


@writes(router, "/applications/{application_id}/amend", ApplicationShape, scope=Scope.APPLY, seen=_held_fast)
def amend_application(request: Asked, application_id: UUID, given: Claimed) -> ApplicationShape:
    """State a draft's facts anew."""
    return _step(application.amend, request, application_id, claimed=given.claimed)


@writes(router, "/applications/{application_id}/submit", ApplicationShape, scope=Scope.APPLY, seen=_held_fast)
def submit_application(request: Asked, application_id: UUID) -> ApplicationShape:
    """Hand a draft in: the version that is in force is pinned."""
    return _step(application.submit, request, application_id)


@writes(router, "/applications/{application_id}/resubmit", ApplicationShape, scope=Scope.APPLY, seen=_held_fast)
def resubmit_application(request: Asked, application_id: UUID, given: Claimed) -> ApplicationShape:
    """Hand a returned application in again."""
    return _step(application.resubmit, request, application_id, claimed=given.claimed)


@writes(router, "/applications/{application_id}/withdraw", ApplicationShape, scope=Scope.APPLY, seen=_held_fast)
def withdraw_application(request: Asked, application_id: UUID) -> ApplicationShape:
    """Take an application back before it is decided."""
    return _step(application.withdraw, request, application_id)


@writes(router, "/applications/{application_id}/appeal", ApplicationShape, scope=Scope.APPLY, seen=_held_fast)
def appeal_application(request: Asked, application_id: UUID) -> ApplicationShape:
    """Ask for a rejected application to be reviewed again."""
    return _step(application.appeal, request, application_id)


@writes(router, "/applications/{application_id}/review", ApplicationShape, scope=Scope.DECIDE, seen=_held_fast)
def review_application(request: Asked, application_id: UUID) -> ApplicationShape:
    """Take an application up: the policy decides with reasons."""
    return _step(application.review, request, application_id)


@writes(router, "/applications/{application_id}/send-back", ApplicationShape, scope=Scope.DECIDE, seen=_held_fast)
def send_application_back(request: Asked, application_id: UUID, given: Missing) -> ApplicationShape:
    """Return an application for completion, saying what is missing."""
    return _step(application.send_back, request, application_id, missing=given.missing)


@writes(router, "/applications/{application_id}/record-by-hand", ApplicationShape, scope=Scope.DECIDE, seen=_held_fast)
def record_decision_by_hand(request: Asked, application_id: UUID, given: HandDecided) -> ApplicationShape:
    """Record a person's decision on a clause that leaves the amount open."""
    return _step(application.record_by_hand, request, application_id, amount_fen=given.amount_fen, reason=given.reason)


@writes(router, "/applications/{application_id}/notice", ApplicationShape, scope=Scope.DECIDE, seen=_held_fast)
def put_application_on_notice(request: Asked, application_id: UUID, given: Notice) -> ApplicationShape:
    """Put the amount on public notice until an instant."""
    return _step(application.notify_public, request, application_id, until=given.until)


@writes(router, "/applications/{application_id}/end-demo-notice", ApplicationShape, scope=Scope.DECIDE, seen=_held_fast)
def end_demo_notice(request: Asked, application_id: UUID) -> ApplicationShape:
    """End a public notice at once; in a demonstration alone."""
    return _step(application.end_demo_notice, request, application_id)


@writes(router, "/applications/{application_id}/reject", ApplicationShape, scope=Scope.DECIDE, seen=_held_fast)
def reject_application(request: Asked, application_id: UUID, given: Rejection) -> ApplicationShape:
    """Reject with the policy's reasons, or with the officer's own."""
    own = given.zh or given.en
    reason = Reason("OFFICER", Label(given.zh or given.en, given.en or given.zh)) if own else None
    return _step(application.reject, request, application_id, words=reason)


@writes(router, "/applications/{application_id}/issue", VoucherShape, scope=Scope.DECIDE, seen=_held_fast)
def issue_voucher(request: Asked, application_id: UUID) -> VoucherShape:
    """Approve an application after its public notice and issue its voucher, in one step."""
    made = issue(application_id=application_id, by=request.auth, now=clock.now())
    return voucher_shown(vouchers.purse(made.id))


@writes(router, "/applications/{application_id}/screen", Raised, scope=Scope.DECIDE)
def screen_application(request: Asked, application_id: UUID) -> Raised:
    """Run every check that the dossier has the facts for, and raise what is new."""
    made = screen(application_id=application_id, by=request.auth, now=clock.now())
    return Raised(alerts=[row.id for row in made])

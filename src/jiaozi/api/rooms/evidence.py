"""Papers: what proves a dossier, a claim or a stage of an award."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Form, Router, UploadedFile
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.shape import Shape, Wish, id_of, one_of, path_of
from jiaozi.application import queries
from jiaozi.application.models import Evidence
from jiaozi.application.queries import evidence as papers
from jiaozi.application.services.evidence import attach
from jiaozi.kernel import clock
from jiaozi.party.rules import Scope, check_may_see
from jiaozi.policy.rules.words import StepOfLife

router = Router(tags=["evidence"])
Step = Annotated[StepOfLife, one_of(StepOfLife)]


class PaperShape(Shape):
    """One paper that was handed in; its content never changes."""

    id: UUID
    application: UUID = id_of("application")
    about: UUID
    step: Step
    paper: str
    name: str
    kind: str = path_of("file", "kind")
    size_bytes: int = path_of("file", "size_bytes")
    sha256: str = path_of("file", "digest")
    handed_in_by: str
    at: datetime


class Papers(Shape):
    """The papers about one thing, oldest first."""

    items: list[PaperShape]


class PaperWish(Wish):
    """Which paper of which step this is."""

    step: Step
    paper: Annotated[str, Field(max_length=60)]
    about: UUID | None = Field(None, description="the claim or stage that it proves; the dossier itself without it")


def _shown(row: Evidence) -> PaperShape:
    return PaperShape.model_validate(row)


@reads(router, "/applications/{application_id}/evidence", Papers)
def list_evidence(request: Asked, application_id: UUID, about: UUID | None = None) -> Papers:
    """The papers about a dossier, or about one of its claims and stages."""
    row = queries.application(application_id)
    check_may_see(request.auth, holder=row.holder_id, programme=row.programme)
    return Papers(items=[_shown(paper) for paper in papers.papers(row.id, about)])


@writes(router, "/applications/{application_id}/evidence", PaperShape, scope=Scope.APPLY)
def attach_evidence(
    request: Asked, application_id: UUID, given: Form[PaperWish], content: File[UploadedFile]
) -> PaperShape:
    """Hand a paper in, as one file."""
    row = attach(
        application_id=application_id,
        step=given.step,
        paper=given.paper,
        name=content.name or "",
        content=content.read(),
        by=request.auth,
        now=clock.now(),
        about=given.about,
    )
    return _shown(papers.evidence(row.id))


@reads(router, "/evidence/{evidence_id}/content", bytes, kind="application/octet-stream")
def get_evidence_content(request: Asked, evidence_id: UUID) -> HttpResponse:
    """A paper's bytes; its digest is checked on every reading."""
    row, content = papers.content(evidence_id, by=request.auth)
    name = quote(row.name)
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )

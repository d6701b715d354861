"""The policy lab: runs that are kept, a new one from a scenario, its files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.shape import Name, Shape, Wish, one_of
from jiaozi.kernel import clock
from jiaozi.lab import queries
from jiaozi.lab.models import LabRun
from jiaozi.lab.rules.keeping import TEXT_MAX, RunState
from jiaozi.lab.services import runs
from jiaozi.party.rules import Scope, check_oversees

router = Router(tags=["lab"])
RunStateName = Annotated[RunState, one_of(RunState)]


class RunShape(Shape):
    """One run; ``done`` of ``steps`` is its progress."""

    id: UUID
    programme: str
    scenario: str
    title_zh: str
    title_en: str
    seeds: int
    state: RunStateName
    done: int
    steps: int
    message_zh: str
    message_en: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class RunWithFiles(RunShape):
    """One run with the names of its files."""

    files: list[str]


class ScenarioWish(Wish):
    """A scenario; a version's ``document`` is ``in-force`` or the beginning of an adopted version's digest."""

    programme: Name = ""
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


def _seen(request: Asked, run_id: UUID) -> LabRun:
    row = queries.lab_run(run_id)
    check_oversees(request.auth, row.programme)
    return row


@reads(router, "/lab/runs", Page[RunShape])
def list_lab_runs(request: Asked, asked: Query[Filter]) -> Page[RunShape]:
    """Runs that are kept, the latest first."""
    programme = programme_of(request, asked.programme)
    check_oversees(request.auth, programme)
    rows = queries.lab_runs(programme, after=at_instant(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, RunShape.model_validate, lambda row: (row.asked_at, row.id))


@reads(router, "/lab/runs/{run_id}", RunWithFiles)
def get_lab_run(request: Asked, run_id: UUID) -> RunWithFiles:
    """One run: how far it is, and its files."""
    row = _seen(request, run_id)
    names = [name for name, _ in queries.files_of(row.id)]
    return RunWithFiles(**RunShape.model_validate(row).model_dump(), files=names)


@reads(router, "/lab/runs/{run_id}/files/{name}", bytes, kind="application/octet-stream")
def get_lab_file(request: Asked, run_id: UUID, name: Name) -> bytes:
    """One file of a run: the report, the figures as JSON, or a CSV table."""
    return queries.content(_seen(request, run_id).id, name)


@writes(router, "/lab/runs", RunShape, scope=Scope.READ)
def start_lab_run(request: Asked, given: ScenarioWish) -> RunShape:
    """Have a scenario played by the worker."""
    programme = programme_of(request, given.programme)
    return RunShape.model_validate(runs.ask(programme=programme, text=given.text, by=request.auth, now=clock.now()))

"""Open data: what the public is owed without asking who it is."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from uuid import UUID

from ninja import Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads
from jiaozi.api.page import Limit
from jiaozi.api.rooms.programmes import Slug, VersionShape
from jiaozi.api.rooms.reserve import Position, Year
from jiaozi.api.shape import Shape, id_of, path_of
from jiaozi.application import queries as applications
from jiaozi.application.rules import State
from jiaozi.policy import queries as policy
from jiaozi.settlement import queries as settlement

router = Router(tags=["open data"])


class YearShape(Shape):
    """The year's budget and what became of it, in fen; issued = spendable + held + used + ended."""

    year: int
    cap_fen: int | None = Field(description="null where it is not published")
    budget_fen: int
    issued_fen: int
    unissued_fen: int
    unissued_lapsed_fen: int
    vouchers: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    settled_fen: int
    ended_fen: int
    awarded_fen: int
    reserve: Position
    reserve_size_fen: int | None
    trigger_fen: int | None
    unpublished: list[str] = Field(description="parameters of which demo values stand in")
    demo: bool


class NoticeShape(Shape):
    """An amount on public notice (公示): whoever objects writes to the programme's office."""

    application: UUID = Field(validation_alias="id")
    programme: str
    clause: str
    holder_name: str = path_of("holder", "name")
    amount_fen: int | None
    version: UUID = id_of("version")
    notice_until: datetime | None


class Notices(Shape):
    """What is on public notice now, the latest first."""

    items: list[NoticeShape]


class Programmes(Shape):
    """Every programme that was adopted, by the version adopted last."""

    items: list[VersionShape]


@reads(router, "/programmes", Programmes, public=True)
def list_programmes(request: Asked) -> Programmes:  # noqa: ARG001 - an operation gets it
    """The programmes that run here."""
    return Programmes(items=[VersionShape.model_validate(row) for row in policy.adopted()])


@reads(router, "/programmes/{programme}/years/{year}", YearShape, public=True)
def get_year(request: Asked, programme: Slug, year: Year) -> YearShape:  # noqa: ARG001 - an operation gets it
    """One year of a programme at a glance."""
    return YearShape.model_validate(settlement.year_at_a_glance(programme, year))


@reads(router, "/programmes/{programme}/years/{year}/year.csv", str, public=True, kind="text/csv; charset=utf-8")
def get_year_csv(request: Asked, programme: Slug, year: Year) -> str:
    """One year of a programme at a glance, as CSV: figure, fen."""
    shown = get_year(request, programme, year)
    amounts = shown.model_dump(include={name for name in YearShape.model_fields if name.endswith("_fen")})
    reserve = {f"reserve_{name}": value for name, value in shown.reserve.model_dump().items()}
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["figure", "fen"])
    writer.writerows((name, "" if value is None else value) for name, value in (amounts | reserve).items())
    return sheet.getvalue()


@reads(router, "/programmes/{programme}/notices", Notices, public=True)
def list_notices(request: Asked, programme: Slug, limit: Limit = 50) -> Notices:  # noqa: ARG001
    """The amounts that are on public notice."""
    rows = applications.applications(programme=programme, states=[State.PUBLIC_NOTICE], limit=limit)
    return Notices(items=[NoticeShape.model_validate(row) for row in rows])

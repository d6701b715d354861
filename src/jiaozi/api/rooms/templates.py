"""Templates: jobs that an organisation keeps under a name, to be quoted on any of its vouchers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Limit, Page, at_id, page
from jiaozi.api.rooms.orders import JobWish, OrderShape, job_of, shown
from jiaozi.api.shape import Done, Json, Shape, Wish, id_of
from jiaozi.kernel import clock
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.ports import KEY_MAX
from jiaozi.order.rules.template import NAME_MAX
from jiaozi.party.rules import Scope

router = Router(tags=["orders"])
TemplateName = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]


class TemplateRow(Shape):
    """One template, as a list shows it."""

    id: UUID
    organisation: UUID = id_of("organisation")
    name: str
    made_by: str
    made_at: datetime
    changed_at: datetime


class TemplateShape(TemplateRow):
    """One template with its job: title, request, wishes, inputs, outputs, files."""

    job: Json


class TemplateFilter(Wish):
    """A page of templates."""

    limit: Limit = 50
    cursor: Cursor = ""


class NewTemplate(Wish):
    """A job and the name that it is kept under; times and a session's key are left out."""

    name: TemplateName
    job: JobWish


class Named(Wish):
    """A template's name."""

    name: TemplateName


class QuoteWish(Wish):
    """The voucher that is to pay a template's job, and the key for a session by SSH."""

    voucher: UUID
    authorized_key: Annotated[str, Field(max_length=KEY_MAX)] = ""


@reads(router, "/organisations/{organisation_id}/templates", Page[TemplateRow])
def list_templates(request: Asked, organisation_id: UUID, asked: Query[TemplateFilter]) -> Page[TemplateRow]:
    """An organisation's templates, for its members."""
    rows = queries.templates(organisation_id, request.auth, after=at_id(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, TemplateRow.model_validate, lambda row: (row.id,))


@writes(router, "/organisations/{organisation_id}/templates", TemplateShape, scope=Scope.SPEND)
def keep_template(request: Asked, organisation_id: UUID, given: NewTemplate) -> TemplateShape:
    """Keep a job under a name, 100 at most an organisation; whether it could run is asked when it is quoted."""
    by, now = request.auth, clock.now()
    row = order.keep_template(name=given.name, job=job_of(given.job), organisation=organisation_id, by=by, now=now)
    return TemplateShape.model_validate(row)


@writes(router, "/orders/{order_id}/template", TemplateShape, scope=Scope.SPEND)
def keep_order_as_template(request: Asked, order_id: UUID, given: Named) -> TemplateShape:
    """Keep what an order asked for under a name."""
    row = order.keep_order(order_id=order_id, name=given.name, by=request.auth, now=clock.now())
    return TemplateShape.model_validate(row)


@reads(router, "/templates/{template_id}", TemplateShape)
def get_template(request: Asked, template_id: UUID) -> TemplateShape:
    """One template with its job."""
    return TemplateShape.model_validate(queries.template(template_id, request.auth))


@writes(router, "/templates/{template_id}/rename", TemplateShape, scope=Scope.SPEND)
def rename_template(request: Asked, template_id: UUID, given: Named) -> TemplateShape:
    """Give a template another name."""
    row = order.rename_template(template_id=template_id, name=given.name, by=request.auth, now=clock.now())
    return TemplateShape.model_validate(row)


@writes(router, "/templates/{template_id}/delete", Done, scope=Scope.SPEND)
def delete_template(request: Asked, template_id: UUID) -> Done:
    """Delete a template; orders that came of it stay."""
    order.delete_template(template_id=template_id, by=request.auth, now=clock.now())
    return Done()


@writes(router, "/templates/{template_id}/quote", OrderShape, scope=Scope.SPEND)
def quote_template(request: Asked, template_id: UUID, given: QuoteWish) -> OrderShape:
    """Quote a template's job on a voucher at today's price and store it as quoted; nothing is held yet."""
    row = order.quote_template(
        template_id=template_id,
        voucher_id=given.voucher,
        authorized_key=given.authorized_key,
        by=request.auth,
        now=clock.now(),
    )
    return shown(row, request.auth)

"""What holders prepaid at centres: a centre finds who paid and records the amount; both see what is left of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from jiaozi.catalogue.models import Centre
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.rules.credit import RECORDERS
from jiaozi.party.rules import Actor, Role
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.stepped import Form, UnableToReadForm, fen_of, stepped
from jiaozi.web.views.supply import of_a_centre
from jiaozi.web.views.usage import READERS

ROWS = 50
_RECORDED = Label("已登记，持券人即可用于自付部分。", "Recorded; the holder can pay its own share with it at once.")


@page(Label("自付余额", "My own money"), frozenset({Role.APPLICANT}), parent="web:wallet")
@require_safe
def own_money(request: HttpRequest) -> HttpResponse:
    """Show a holder what is left of its own money at each centre, and what was recorded there."""
    holder = actor(request).organisation
    if holder is None:
        raise Http404
    programme = settings.JIAOZI_PROGRAMME
    found = queries.own_credits(programme=programme, holder=holder, after=place_of(request), limit=ROWS + 1)
    context = paged(request, found, ROWS, lambda row: (row.at, row.id))
    context["places"] = queries.own_places(programme, holder)
    return render(request, "web/own_money.html", context)


@page(Label("预存与授信", "Prepaid money"), READERS, parent="web:supply")
@require_http_methods(["GET", "HEAD", "POST"])
def prepaid(request: HttpRequest) -> HttpResponse:
    """Show what was recorded, the latest first, with what is left; record what a holder paid, or is granted."""
    context, centre = of_a_centre(request)
    by = actor(request)
    if request.method == "POST" and centre is not None:
        there = reverse("web:prepaid") + (f"?{urlencode({'centre': centre.id})}" if context["choices"] else "")
        return stepped(request, lambda words: _record(centre, words, by), there, lambda _: _RECORDED)
    if centre is not None:
        programme = settings.JIAOZI_PROGRAMME
        found = queries.own_credits(programme=programme, centre=centre.id, after=place_of(request), limit=ROWS + 1)
        context |= paged(request, found, ROWS, lambda row: (row.at, row.id))
        left = queries.own_money(programme, {(row.holder_id, centre.id) for row in context["rows"]})
        for row in context["rows"]:
            row.left = left[row.holder_id, centre.id]
        context["may_record"] = by.role in RECORDERS
        if context["may_record"]:
            context |= _payer(request, programme, centre)
    return render(request, "web/prepaid.html", context)


def _payer(request: HttpRequest, programme: str, centre: Centre) -> dict[str, Any]:
    """Find whom the reader asks for; the reference of what will be recorded makes it once, however often it is sent."""
    to = request.GET.get("to", "").strip()
    if not to:
        return {"to": ""}
    try:
        holder = queries.payer(to)
    except Refused as refused:
        return {"to": to, "unknown": refused.reason.label}
    left = queries.own_money(programme, [(holder.id, centre.id)])[holder.id, centre.id]
    return {"to": to, "holder": holder, "left": left, "reference": new_id()}


def _record(centre: Centre, words: Form, by: Actor) -> None:
    try:
        holder, reference = UUID(words.get("holder", "")), UUID(words.get("reference", ""))
    except ValueError:
        raise UnableToReadForm("PAYER_MISSING", "请先查找持券人", "find the holder first", field="to") from None
    order.credit_own(
        programme=settings.JIAOZI_PROGRAMME,
        holder_id=holder,
        centre=centre.id,
        amount_fen=fen_of(words),
        reference=reference,
        by=by,
        now=clock.now(),
    )

"""Watching a job: the end of what it prints while it runs, and all of that as a file."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.queries import UnableToFindOrder
from jiaozi.order.rules import ON_ENGINE
from jiaozi.order.rules.printed import DOWNLOAD_BYTES, TAIL_BYTES, shown
from jiaozi.party.rules import Role, UnableToSee
from jiaozi.web.frame import actor
from jiaozi.web.pages import ALL_ROLES, page
from jiaozi.web.templatetags.words import said

_MISSING = Label("引擎没有保留该作业的输出", "the engine keeps no output of this job")


@page(Label("作业输出", "A job's output"), ALL_ROLES, parent="web:year")
@require_safe
def order_log(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show the end of what a job printed; alone when the order's page asks for it."""
    row, reason, text = orders.order(order_id), None, ""
    try:
        found = order.printed(order_id=row.id, tail_bytes=TAIL_BYTES, by=actor(request))
    except UnableToSee:
        raise
    except Refused as refused:
        reason = refused.reason.label
    else:
        reason = _MISSING if found is None else None
        text = shown(found or b"", TAIL_BYTES)
    context = {"order": row, "reason": reason, "text": text, "running": row.state in ON_ENGINE}
    partial = "HX-Request" in request.headers
    answer = render(request, "web/parts/order_log.html" if partial else "web/order_log.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@page(Label("下载作业输出", "Download a job's output"), ALL_ROLES, parent="web:year")
@require_safe
def order_output(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Give what a job printed as a file, byte by byte as its engine keeps it; never as something to be opened."""
    row = orders.order(order_id)
    try:
        found = order.printed(order_id=row.id, tail_bytes=DOWNLOAD_BYTES, by=actor(request))
    except UnableToSee:
        raise
    except Refused as refused:
        return _told(request, order_id, refused.reason.label)
    if found is None:
        return _told(request, order_id, _MISSING)
    answer = HttpResponse(found, content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{row.number}-output.txt"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@page(Label("下载结果", "Download a result"), frozenset({Role.APPLICANT}), parent="web:wallet")
@require_safe
def order_result(request: HttpRequest, order_id: UUID, data_id: UUID) -> StreamingHttpResponse | HttpResponse:
    """Give one of an order's results as a file, never as something to be opened; its length and SHA-256 are said."""
    row = orders.order(order_id)
    try:
        found = order.result(order_id=row.id, data_id=data_id, by=actor(request), now=clock.now())
    except (UnableToSee, UnableToFindOrder):
        raise
    except Refused as refused:
        return _told(request, order_id, refused.reason.label)
    answer = StreamingHttpResponse(found.pieces, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name)
    answer["Content-Length"] = str(found.size)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _told(request: HttpRequest, order_id: UUID, why: Label) -> HttpResponse:
    messages.error(request, said(why))
    return HttpResponseRedirect(reverse("web:order", args=[order_id]))

"""A session on pages: more time with its price before it, the way in for its holder alone, the files that it saved."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules.session import Opens, SliceState
from jiaozi.party.rules import Role, check_may_see
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import said

_HOLDERS = frozenset({Role.APPLICANT})
_MS_PER_MINUTE = 60_000
_DIGITS_MAX = 6
MINUTES = "30"
_GRANTED = Label("已追加冻结，会话已延长", "held for; the session is extended")
_ASKED = Label(
    "已追加冻结并转达中心，答复到达后显示在本页", "held for and asked; the centre's answer is shown here when it comes"
)


@page(Label("延长会话", "Extend a session"), _HOLDERS, parent="web:wallet")
@require_http_methods(["GET", "POST"])
def extend_session(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Price more time of a session; posting holds for it and has the engine raise the limit."""
    row = _own(request, order_id)
    minutes = str((request.POST if request.method == "POST" else request.GET).get("minutes", MINUTES))
    if request.method == "POST":
        return _extend(request, row, minutes)
    price, reason = None, None
    try:
        price = order.extension_price(order_id=row.id, adds_ms=_ms(minutes), by=actor(request), now=clock.now())
    except Refused as refused:
        reason = refused.reason
    context = {"order": row, "minutes": minutes, "price": price, "reason": reason, "slice_id": new_id()}
    partial = "HX-Request" in request.headers
    return render(request, "web/parts/extension_price.html" if partial else "web/extend_session.html", context)


def _extend(request: HttpRequest, row: Order, minutes: str) -> HttpResponse:
    try:
        slice_ = order.extend(
            order_id=row.id, slice_id=_id(request), adds_ms=_ms(minutes), by=actor(request), now=clock.now()
        )
    except Refused as refused:
        messages.error(request, said(refused.reason.label))
    else:
        if slice_.state == SliceState.REFUSED:
            messages.error(request, said(Label(slice_.reason_zh, slice_.reason_en)))
        else:
            messages.success(request, said(_GRANTED if slice_.state == SliceState.GRANTED else _ASKED))
    return HttpResponseRedirect(reverse("web:order", args=[row.id]))


def _ms(minutes: str) -> int:
    text = minutes.strip()
    return int(text) * _MS_PER_MINUTE if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else 0


def _id(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("id", ""))
    except ValueError:
        return new_id()


@page(Label("打开会话", "Open a session"), _HOLDERS, parent="web:wallet")
@require_safe
def open_session(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show the way into a session, asked of its engine now and kept by nobody on the way."""
    row = _own(request, order_id)
    access, reason = None, None
    try:
        access = order.access(order_id=row.id, by=actor(request))
    except Refused as refused:
        reason = refused.reason
    context = {"order": row, "access": access, "reason": reason, "notebook": row.session.opens == Opens.JUPYTERLAB}
    response = render(request, "web/open_session.html", context)
    response["Cache-Control"] = "no-store"
    return response


@page(Label("会话文件", "A session's files"), _HOLDERS, parent="web:wallet")
@require_safe
def session_files(request: HttpRequest, order_id: UUID) -> StreamingHttpResponse | HttpResponse:
    """Give what a session saved at its end."""
    row = _own(request, order_id)
    try:
        name, size, content = order.saved_files(order_id=row.id, by=actor(request))
        first = next(content, b"")
    except Refused as refused:
        return _told(request, row, refused.reason)

    def pieces() -> Iterator[bytes]:
        yield first
        yield from content

    response = StreamingHttpResponse(pieces(), content_type="application/gzip")
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{row.number}-{name.rpartition('/')[2]}"
    )
    response["Content-Length"] = str(size)
    response["Cache-Control"] = "private, no-store"
    return response


def _told(request: HttpRequest, row: Order, reason: Reason) -> HttpResponse:
    messages.error(request, said(reason.label))
    return HttpResponseRedirect(reverse("web:order", args=[row.id]))


def _own(request: HttpRequest, order_id: UUID) -> Order:
    """Give a session of whoever asks; anybody else's is not there."""
    by = actor(request)
    try:
        row = orders.order(order_id)
    except orders.UnableToFindOrder as missing:
        raise Http404(missing.reason.label.in_language(get_language() or "")) from missing
    check_may_see(by, holder=row.holder_id, centre=row.centre_id, programme=row.programme)
    if orders.session_of(row) is None:
        raise Http404(order_id)
    return row

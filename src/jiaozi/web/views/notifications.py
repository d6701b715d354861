"""What a person was told: the list, opening one, and the choice of what is told where."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.notice import queries
from jiaozi.notice import services as notice
from jiaozi.notice.rules import TOLD, Choice, sentence
from jiaozi.web.frame import person_id
from jiaozi.web.pages import SIGNED_IN, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.templatetags.words import said

ROWS = 50
_PAGES = {
    "application": "web:dossier",
    "voucher": "web:voucher",
    "order": "web:order",
    "statement": "web:statement",
}
"""The page of what a notification is about; what has none leads back to the list."""


@page(Label("消息", "Notifications"), SIGNED_IN)
@never_cache
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """List what the reader was told, the latest first."""
    person, after = person_id(request), place_of(request)
    found = queries.notifications(person, after=after[1] if after else None, limit=ROWS + 1)
    page_ = paged(request, found, ROWS, lambda row: (row.at, row.id))
    told = [row for row in page_["rows"] if row.event in TOLD]
    said_of = [(row, sentence(row.event, row.facts), TOLD[row.event].topic.label) for row in told]
    context = page_ | {"rows": said_of}
    return render(request, "web/notifications.html", context)


@page(Label("消息", "Notification"), SIGNED_IN, parent="web:notifications")
@never_cache
@require_safe
def notification(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Lead to what a notification is about; mail leads here too. Opening it is reading it."""
    row = notice.open_one(notification_id=notification_id, person=person_id(request), now=clock.now())
    if row.kind == "tariff":
        return HttpResponseRedirect(f"{reverse('web:supply')}?centre={catalogue.priced_at(row.subject)}")
    there = _PAGES.get(row.kind)
    return HttpResponseRedirect(reverse(there, args=[row.subject]) if there else reverse("web:notifications"))


@page(Label("全部已读", "Read all"), SIGNED_IN, parent="web:notifications")
@require_POST
def read_notifications(request: HttpRequest) -> HttpResponse:
    """Note that everything was read."""
    notice.read(person=person_id(request), now=clock.now())
    return HttpResponseRedirect(reverse("web:notifications"))


@page(Label("接收哪些消息", "What you hear of"), SIGNED_IN, parent="web:notifications")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notification_choices(request: HttpRequest) -> HttpResponse:
    """Show, and keep, what is told on the page and what by mail."""
    person, now = person_id(request), clock.now()
    rows = queries.choices(person, now=now)
    if request.method == "POST":
        ticked = set(request.POST.getlist("shown")), set(request.POST.getlist("mailed"))
        wanted = [Choice(each.topic, each.topic in ticked[0], each.topic in ticked[1]) for each in rows]
        notice.choose(person=person, wanted=wanted, now=now)
        messages.success(request, said(Label("已保存。", "Saved.")))
        return HttpResponseRedirect(reverse("web:notification-choices"))
    return render(request, "web/notification_choices.html", {"rows": rows})

"""Who may act for an organisation, at a centre, or in the programmes; and registering a new organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import start_of_day
from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries as orders
from jiaozi.order.rules.spending import Spending
from jiaozi.party import queries as party
from jiaozi.party import services
from jiaozi.party.models import Membership
from jiaozi.party.rules import Actor, Details, Grant, Role
from jiaozi.web.forms import MemberForm
from jiaozi.web.frame import actor, asking, person_id
from jiaozi.web.pages import SIGNED_IN, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.templatetags.words import said

ROWS = 100
_MANAGED = frozenset({Role.APPLICANT, Role.CENTRE, Role.OPERATOR})


@page(Label("成员", "Members"), _MANAGED, place=80)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """List who may act here; an administrator lets somebody in."""
    by = actor(request)
    form = MemberForm(request.POST or None, role=by.role)
    if request.method == "POST" and form.is_valid() and _let_in(by, form):
        messages.success(request, said(Label("已添加成员。", "The member was let in.")))
        return HttpResponseRedirect(reverse("web:members"))
    page_ = paged(request, _rows(by, place_of(request)), ROWS, lambda row: (row.granted_at, row.id))
    limits = _limits(by, page_["rows"])
    context = page_ | {
        "now": clock.now(),
        "form": form,
        "rows": [(row, limits.get(row.person_id)) for row in page_["rows"]],
        "administrator": by.administrator,
        "limiting": by.role is Role.APPLICANT,
        "own": person_id(request),
    }
    return render(request, "web/members.html", context, status=422 if form.errors else 200)


def _rows(by: Actor, place: tuple[Any, UUID] | None) -> list[Membership]:
    """Give the next memberships and one more, in the order in which they were granted."""
    after = place[1] if place else None
    if by.role is Role.OPERATOR:
        return party.staff(after=after, limit=ROWS + 1)
    return party.members_of(by, organisation=by.organisation, centre=by.centre or "", after=after, limit=ROWS + 1)


def _limits(by: Actor, rows: list[Membership]) -> dict[UUID, Spending]:
    """Give the spending limits that the reader sees, by person: an administrator all, others their own."""
    if by.role is not Role.APPLICANT or by.organisation is None:
        return {}
    found = orders.limits(by, by.organisation, clock.now(), people=[row.person_id for row in rows], limit=ROWS)
    return {each.row.person_id: each.spending for each in found}


def _let_in(by: Actor, form: MemberForm) -> bool:
    """Let in whom the form names; False where it was refused."""
    given, now = form.cleaned_data, clock.now()
    place: dict[str, Any] = form.place(by.role)
    if by.role is not Role.OPERATOR:
        place |= {"organisation": by.organisation, "centre": by.centre or ""}
    until = start_of_day(given["until"]) if given["until"] else None
    wanted = Grant(since_at=now, until_at=until, administrator=given["administrator"], **place)
    try:
        services.let_in(details=Details(given["name"], given["email"]), grant=wanted, by=by, now=now)
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


@page(Label("终止授权", "End a membership"), SIGNED_IN)
@require_POST
def end_membership(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """End a membership at once."""
    services.end_membership(membership_id=membership_id, by=actor(request), now=clock.now())
    return HttpResponseRedirect(reverse("web:members") if asking(request).role in _MANAGED else "/")

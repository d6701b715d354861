"""What a member may spend: an administrator sets it, changes it, takes it away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.rules.spending import Per, check_limiter
from jiaozi.party import queries as party
from jiaozi.party.rules import Role
from jiaozi.party.rules.person import name_of
from jiaozi.web.forms import LimitForm
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import said

_SPENDERS = frozenset({Role.APPLICANT})


@page(Label("支出限额", "Spending limit"), _SPENDERS, parent="web:members")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def member_limit(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Show what counts for a member's limit, and set it."""
    by, now, row = actor(request), clock.now(), party.membership(membership_id)
    organisation = check_limiter(by, row.person_id, party.grant_of(row))
    spending = orders.spending_of(organisation, name_of(row.person_id), now)
    begun = {"per": spending.per, "limit_fen": spending.limit_fen} if spending else None
    form = LimitForm(request.POST or None, begun=begun)
    if request.method == "POST" and form.is_valid() and _set(request, membership_id, form):
        messages.success(request, said(Label("限额已保存。", "The limit was saved.")))
        return HttpResponseRedirect(reverse("web:members"))
    context = {"form": form, "row": row, "spending": spending}
    return render(request, "web/member_limit.html", context, status=422 if form.errors else 200)


def _set(request: HttpRequest, membership_id: UUID, form: LimitForm) -> bool:
    """Set what the form asks for; False where it was refused."""
    by, per, limit_fen = actor(request), Per(form.cleaned_data["per"]), form.cleaned_data["limit_fen"]
    try:
        order.set_limit(membership_id=membership_id, per=per, limit_fen=limit_fen, by=by, now=clock.now())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


@page(Label("取消限额", "Remove a limit"), _SPENDERS, parent="web:members")
@require_POST
def remove_limit(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Let a member spend without a limit again."""
    order.remove_limit(membership_id=membership_id, by=actor(request), now=clock.now())
    messages.success(request, said(Label("限额已取消。", "The limit was removed.")))
    return HttpResponseRedirect(reverse("web:members"))

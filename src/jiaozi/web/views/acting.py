"""Choosing what one acts as, staying signed in, and the map of the pages that are open to the reader."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.party import queries as party
from jiaozi.web.frame import CHOSEN, asking, person_id, safe_address
from jiaozi.web.pages import EVERYBODY, SIGNED_IN, page
from jiaozi.web.session import ends_at


@page(Label("选择身份", "Act as"), SIGNED_IN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acting(request: HttpRequest) -> HttpResponse:
    """List what the reader may act as; a choice holds for this session."""
    who = asking(request)
    there = safe_address(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method == "POST":
        chosen = _uuid(request.POST.get("membership", ""))
        party.actor_of(person_id(request), chosen, now=clock.now())
        request.session[CHOSEN] = str(chosen)
        return HttpResponseRedirect(there)
    standing = who.standing
    if standing is not None and "once" in request.GET and len(standing.memberships) == 1:
        return HttpResponseRedirect(there)
    return render(request, "web/acting.html", {"standing": standing, "next": there})


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise party.unknown_membership() from None


@page(Label("继续登录状态", "Stay signed in"), SIGNED_IN)
@never_cache
@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """Keep the session, as every page that is opened does; say when it ends now."""
    return JsonResponse({"ends": ends_at(request.session)})


@page(Label("网站地图", "Site map"), EVERYBODY)
@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """List the pages of the navigation that are open to the reader, and what machines may read."""
    return render(request, "web/site_map.html")

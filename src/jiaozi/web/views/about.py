"""Help, the accessibility statement, and how a reader wants the pages to look."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from jiaozi.kernel.label import Label
from jiaozi.web.look import KEPT_FOR_S, LOOKS
from jiaozi.web.pages import EVERYBODY, page


@page(Label("帮助", "Help"), EVERYBODY)
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say what this is, how to begin for each who comes, and whom to ask."""
    return render(request, "web/about.html", {"site": settings.JIAOZI_SITE})


@page(Label("无障碍声明", "Accessibility"), EVERYBODY, parent="web:about")
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """State how far the pages can be used by everybody, what was checked how, and what is known to fall short."""
    return render(request, "web/accessibility.html", {"site": settings.JIAOZI_SITE})


@page(Label("显示方式", "How pages look"), EVERYBODY, parent="web:about")
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Keep a reader's choice of type size or of light and dark in a cookie, and go back to the page."""
    there = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure()):
        there = "/"
    answer = HttpResponseRedirect(there)
    for name, values in LOOKS.items():
        if request.POST.get(name) in values:
            answer.set_cookie(
                name,
                request.POST[name],
                max_age=KEPT_FOR_S,
                samesite="Lax",
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
            )
    return answer

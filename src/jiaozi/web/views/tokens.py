"""The reader's own tokens: issued here, shown once, ended at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries as party
from jiaozi.party import services
from jiaozi.party.rules import Scope, TokenRequest
from jiaozi.web.forms import TokenForm
from jiaozi.web.frame import actor, asking, person_id
from jiaozi.web.pages import ALL_ROLES, SIGNED_IN, page


@page(Label("程序令牌", "Tokens"), ALL_ROLES, parent="web:account")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List tokens; a new one's text stands on the page that answers its making, and nowhere else."""
    by = actor(request)
    form = TokenForm(request.POST or None, role=by.role)
    shown = _issued(request, form) if request.method == "POST" and form.is_valid() else ""
    context = {
        "now": clock.now(),
        "form": TokenForm(role=by.role) if shown else form,
        "shown": shown,
        "rows": party.tokens_of(person_id(request)),
    }
    return render(request, "web/tokens.html", context, status=200 if shown or not form.errors else 422)


def _issued(request: HttpRequest, form: TokenForm) -> str:
    """Issue what the form asks for; empty where it was refused."""
    standing, now = asking(request).standing, clock.now()
    if standing is None or standing.membership is None:
        raise party.unknown_membership()
    given = form.cleaned_data
    wanted = TokenRequest(
        label=given["label"],
        scopes=frozenset(Scope(value) for value in given["scopes"]),
        expires_at=now + timedelta(days=given["days"]),
    )
    try:
        _, text = services.issue_token(membership_id=standing.membership.id, request=wanted, by=actor(request), now=now)
    except Refused as refusal:
        form.refuse(refusal)
        return ""
    return text


@page(Label("吊销令牌", "End a token"), SIGNED_IN)
@require_POST
def end_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End a token at once."""
    services.end_token(token_id=token_id, by=actor(request), now=clock.now())
    return HttpResponseRedirect(reverse("web:tokens"))

"""The reader's own account: name, addresses, proofs of who it is, and where it is signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jiaozi.kernel.label import Label
from jiaozi.party import queries as party
from jiaozi.web.frame import person_id
from jiaozi.web.pages import SIGNED_IN, page


@page(Label("账户与安全", "Account and security"), SIGNED_IN)
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show what can be changed, each behind its link."""
    return render(request, "web/account.html", {"details": party.details_of(person_id(request))})

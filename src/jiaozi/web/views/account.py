"""The reader's own account: name, addresses, proofs of who it is, and where it is signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jiaozi.kernel.label import Label
from jiaozi.party import queries as party
from jiaozi.party.rules import Proof
from jiaozi.web.frame import asking, person_id, safe_address
from jiaozi.web.pages import SIGNED_IN, page


@page(Label("账户与安全", "Account and security"), SIGNED_IN)
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show what can be changed, each behind its link."""
    return render(request, "web/account.html", {"details": party.details_of(person_id(request))})


@page(Label("两步验证", "Two-step verification"), SIGNED_IN, parent="web:account")
@never_cache
@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """Say why a second factor is needed and lead to it; on to where one was going once it is shown."""
    who = asking(request)
    there = safe_address(request, request.GET.get("next", ""))
    if who.proof.stands and who.own_proof is not Proof.UNPROVEN:
        return HttpResponseRedirect(there)
    context = {
        "asked": not who.proof.stands,
        "missing": who.proof is Proof.MISSING,
        "next": request.get_full_path(),
    }
    return render(request, "web/second_factor.html", context)

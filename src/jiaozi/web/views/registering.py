"""An organisation registers itself; what eligibility rests on is an officer's to correct afterwards."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries as party
from jiaozi.party import services
from jiaozi.party.models import Membership
from jiaozi.party.rules import HolderClass, Registration, Role, check_oversees
from jiaozi.web.forms import CorrectionForm, OrganisationForm
from jiaozi.web.frame import CHOSEN, actor, person_id, safe_address
from jiaozi.web.pages import SIGNED_IN, page
from jiaozi.web.templatetags.words import said

_CORRECTED = Label(
    "登记已更正；草稿按新登记测算，已提交的须由另一经办人员重新审核。",
    "Corrected; drafts go by it, and what is handed in must be reviewed again, by another officer.",
)


@page(Label("登记新单位", "Register an organisation"), SIGNED_IN, parent="web:acting")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """Register an organisation that is new here; whoever does becomes its administrator and acts for it."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _founded(request, form)
        if made:
            request.session[CHOSEN] = str(made.id)
            return HttpResponseRedirect(reverse("web:eligibility"))
    return render(request, "web/found.html", {"form": form}, status=422 if form.errors else 200)


def _founded(request: HttpRequest, form: OrganisationForm) -> Membership | None:
    person, now = person_id(request), clock.now()
    try:
        by = party.actor_of(person, None, now=now)
        return services.found(person=person, registration=_registration(form), by=by, now=now)[1]
    except Refused as refusal:
        form.refuse(refusal)
        return None


@page(Label("更正登记", "Correct a registration"), frozenset({Role.OFFICER}), parent="web:applications")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Put right what the register says of an organisation; the journal keeps that it changed, and by whom."""
    by, row = actor(request), party.organisation(organisation_id)
    check_oversees(by, settings.JIAOZI_PROGRAMME)
    back = safe_address(request, request.POST.get("next") or request.GET.get("next") or "")
    form = CorrectionForm(request.POST or None, initial=_said_before(services.registration_of(row)))
    if request.method == "POST" and form.is_valid():
        registration = _registration(form)
        try:
            services.correct(
                organisation=row.id,
                registration=registration,
                by=by,
                now=clock.now(),
                programme=settings.JIAOZI_PROGRAMME,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, said(_CORRECTED))
            return HttpResponseRedirect(back)
    context = {"form": form, "row": row, "next": back}
    return render(request, "web/correct.html", context, status=422 if form.errors else 200)


def _registration(form: OrganisationForm) -> Registration:
    given = form.cleaned_data
    return Registration(
        name=given["name"],
        holder_class=HolderClass(given["holder_class"]),
        uscc=given["uscc"],
        registered_in_city=given["registered_in_city"],
        in_incubator=bool(given["incubator"]),
        incubator=given["incubator"],
        dishonest=bool(given.get("dishonest")),
    )


def _said_before(known: Registration) -> dict[str, str]:
    return {
        "name": known.name,
        "holder_class": known.holder_class.value,
        "uscc": known.uscc,
        "registered_in_city": "yes" if known.registered_in_city else "no",
        "incubator": known.incubator,
        "dishonest": "yes" if known.dishonest else "no",
    }

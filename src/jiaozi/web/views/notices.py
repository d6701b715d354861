"""Public notices, those that run and those that are over; and the programmes, clause by clause, in plain words."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.application import queries as application
from jiaozi.kernel import clock
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.policy import queries as policy
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.eligibility import plain
from jiaozi.web.views.ledger import ROWS, shown_or_404
from jiaozi.web.views.programme import Shown

CASES = 100


@page(Label("公示", "Public notices"), EVERYBODY, place=24)
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """List the notices that run with the days left, or those that are over with what was decided."""
    now, programme = clock.now(), shown_or_404()
    past = request.GET.get("past") == "1"
    found = application.notices(programme.slug, now=now, past=past, after=place_of(request), limit=ROWS + 1)
    page_ = paged(request, found, ROWS, lambda row: (row.submitted_at if past else row.notice_until or now, row.id))
    today = local_date(now)
    rows = [{"row": row, "days": (local_date(row.notice_until or now) - today).days} for row in page_["rows"]]
    site = settings.JIAOZI_SITE
    context = {
        "programme": programme,
        "past": past,
        "rows": rows,
        "next": page_["next"],
        "first": page_["first"],
        "objections": site.get("objections", ""),
        "contact": site.get("contact", ""),
        "now": now,
    }
    return render(request, "web/notices.html", context)


@page(Label("政策条款", "Programmes"), EVERYBODY, place=26)
@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """List the programmes that were adopted, each with its version, source and dates."""
    rows = [{"version": row, "text": policy.document(row.id).programme} for row in policy.adopted()]
    return render(request, "web/programmes.html", {"rows": rows})


def _fen(expected: str) -> int | None:
    """Read the amount that a worked case expects; None where it expects a refusal or a person's decision."""
    try:
        return parse_yuan(expected)
    except ValueError:
        return None


@page(Label("条款详解", "A programme"), EVERYBODY, parent="web:programmes")
@require_safe
def programme(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a programme in plain words: clauses, caps, parameters, versions with their dates, worked cases."""
    today = local_date(clock.now())
    versions = policy.versions(slug)
    if not versions:
        raise Http404(slug)
    try:
        version: Any = policy.current(slug, today)
    except UnableToFindProgramme:
        version = versions[0]
    found = Shown(version, policy.document(version.id), today)
    cases = found.text.cases
    context = {
        "programme": found,
        "clauses": [plain(found, clause) for clause in found.text.clauses],
        "versions": versions,
        "cases": [
            {"case": case, "clause": found.clauses.get(case.clause or ""), "fen": _fen(case.expect)}
            for case in cases[:CASES]
        ],
        "cases_total": len(cases),
    }
    return render(request, "web/programme.html", context)

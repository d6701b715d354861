"""The first page: the programme's year in figures that were kept as it went, and the way to everything behind them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.application import queries as application
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.settlement import queries as settlement
from jiaozi.transparency import queries as transparency
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.views.figures import portions
from jiaozi.web.views.programme import shown
from jiaozi.web.years import year_asked, years_offered

NOTICES = 3


@page(Label("年度总览", "The year at a glance"), EVERYBODY, place=10)
@require_safe
def year(request: HttpRequest) -> HttpResponse:
    """Show the year: the cap and what became of it, the reserve, the doors to ledger, rules, centres and notices."""
    now = clock.now()
    today = local_date(now)
    asked = year_asked(request.GET, today.year)
    try:
        programme = shown(today)
    except UnableToFindProgramme as missing:
        return render(request, "web/no_programme.html", {"missing": missing, "now": now})
    figures = transparency.open_year(programme.slug, asked)
    ceiling = settlement.year_cap(programme.slug, asked)
    context = {
        "now": now,
        "programme": programme,
        "year": asked,
        "years": years_offered(today.year, programme.text.issued.year),
        "figures": figures,
        "cap_fen": ceiling,
        "ceiling_fen": figures.budget_fen if ceiling is None else ceiling,
        "portions": portions(figures, figures.budget_fen if ceiling is None else ceiling),
        "reserve": settlement.reserve_position(programme.slug),
        "notices": application.notices(programme.slug, now=now, limit=NOTICES),
    }
    return render(request, "web/year.html", context)

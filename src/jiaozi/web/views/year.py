"""The first page: the programme's year in figures that were kept as it went, and the way to everything behind them."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
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
from jiaozi.web.views.programme import Shown, shown

YEARS_BACK = 4
NOTICES = 3


@page(Label("年度总览", "The year at a glance"), EVERYBODY, place=10)
@require_safe
def year(request: HttpRequest) -> HttpResponse:
    """Show the year: the cap and what became of it, the reserve, the doors to ledger, rules, centres and notices."""
    now = clock.now()
    today = local_date(now)
    asked = year_asked(request, today)
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
        "years": years(programme, today),
        "figures": figures,
        "cap_fen": ceiling,
        "ceiling_fen": figures.budget_fen if ceiling is None else ceiling,
        "portions": portions(figures, figures.budget_fen if ceiling is None else ceiling),
        "reserve": settlement.reserve_position(programme.slug),
        "notices": application.notices(programme.slug, now=now, limit=NOTICES),
    }
    return render(request, "web/year.html", context)


def year_asked(request: HttpRequest, today: date) -> int:
    """Read which year is asked for, this one where none is.

    Raises
    ------
    Http404
        When it is none.
    """
    asked = request.GET.get("year", "")
    if not asked:
        return today.year
    if not (asked.isascii() and asked.isdigit()) or not today.year - 50 <= int(asked) <= today.year:
        raise Http404(asked)
    return int(asked)


def years(programme: Shown, today: date) -> range:
    """Give the years that a page offers, this one first."""
    return range(today.year, max(programme.text.issued.year, today.year - YEARS_BACK) - 1, -1)

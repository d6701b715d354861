"""The year's money on a page: granted, frozen, spent, left; when it runs out; and what one figure would change."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.application import queries as applications
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.settlement import queries
from jiaozi.settlement.queries.budget import ClauseMoney
from jiaozi.settlement.rules.forecast import RUN, WEEKS, Forecast
from jiaozi.web.export import Column, as_file
from jiaozi.web.fields import TEXT_MAX
from jiaozi.web.pages import STAFF, page
from jiaozi.web.templatetags.figures import UNIT
from jiaozi.web.templatetags.words import said
from jiaozi.web.views.programme import shown
from jiaozi.web.years import year_asked, years_offered

_COLUMNS: tuple[Column[ClauseMoney], ...] = (
    Column("条款 clause", lambda row: row.clause),
    Column("件数 grants", lambda row: row.grants),
    Column("已发放（元） granted", lambda row: row.granted_fen, money=True),
    Column("可用（元） with holders", lambda row: row.spendable_fen, money=True),
    Column("冻结（元） frozen", lambda row: row.held_fen, money=True),
    Column("已用（元） spent", lambda row: row.used_fen, money=True),
    Column("失效（元） ended", lambda row: row.ended_fen, money=True),
)


@page(Label("预算与政策", "Budget and policy"), STAFF, place=40)
@require_safe
def budget(request: HttpRequest) -> HttpResponse:
    """Show a year's ceiling by pool and clause, its burn-down and forecast; and what one parameter would change."""
    now, slug = clock.now(), settings.JIAOZI_PROGRAMME
    today = local_date(now)
    try:
        programme = shown(today)
    except UnableToFindProgramme as missing:
        return render(request, "web/no_programme.html", {"missing": missing, "now": now})
    first = programme.text.issued.year
    asked = year_asked(request.GET, today.year, first=first)
    view = queries.budget(slug, asked, now=now)
    if form := request.GET.get("form"):
        return as_file(form, f"budget-{asked}", _COLUMNS, view.clauses)
    context = {
        "programme": programme,
        "now": now,
        "asked_year": asked,
        "years": years_offered(today.year, first),
        "view": view,
        "figures": view.year,
        "plot": _plot(view, today),
        "weeks_used": WEEKS,
        "run_used": RUN,
        **_tried(request, slug, now),
    }
    return render(request, "web/budget.html", context)


def _tried(request: HttpRequest, slug: str, now: Any) -> dict[str, Any]:
    parameter, value = request.GET.get("parameter", "")[:TEXT_MAX], request.GET.get("value", "")[:TEXT_MAX]
    asked = {"parameter": parameter, "value": value}
    if not parameter or not value.strip():
        return asked
    try:
        return asked | {"tried": applications.what_if(programme=slug, parameter=parameter, value=value, now=now)}
    except Refused as refused:
        return asked | {"not_tried": refused.reason.label}


def _plot(view: queries.BudgetView, today: date) -> dict[str, Any]:
    """Give the plot's lines in fen; the table beneath has the same figures."""
    lines = [
        {"name": said(Label("未发放", "not granted")), "points": _points(view, "left_fen")},
        {"name": said(Label("未支付", "not paid")), "points": _points(view, "unpaid_fen")},
    ]
    return {
        "kind": "forecast",
        "unit": said(UNIT),
        "first": f"{view.year.year}-01-01",
        "last": f"{view.year.year}-12-31",
        "ceiling": view.ceiling_fen,
        "lines": lines,
        "ahead": _ahead(view.ceiling, today, view.year.year),
        "words": {
            "ceiling": said(Label("年度上限", "year's ceiling")),
            "forecast": said(Label("预测", "forecast")),
            "band": said(Label("预测区间", "forecast band")),
        },
    }


def _points(view: queries.BudgetView, name: str) -> list[list[Any]]:
    start = [f"{view.year.year}-01-01", view.ceiling_fen]
    return [start, *([week.last.isoformat(), getattr(week, name)] for week in view.weeks)]


def _ahead(found: Forecast | None, today: date, year: int) -> dict[str, Any] | None:
    if found is None or not found.total_fen:
        return None
    end = date(year, 12, 31)

    def way(gone: date | None, rest_fen: int) -> list[list[Any]]:
        begin = [today.isoformat(), found.left_fen]
        if gone is not None and gone <= end:
            return [begin, [gone.isoformat(), 0]]
        return [begin, [end.isoformat(), rest_fen]]

    return {
        "middle": way(found.on, found.end_fen),
        "early": way(found.earliest, found.end_low_fen),
        "late": way(found.latest, found.end_high_fen),
    }

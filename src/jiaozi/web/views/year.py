"""The first page: the programme's year at a glance, and the part of it that follows the orders while they run."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.order import queries as orders
from jiaozi.order.rules import State
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries as vouchers
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.views.figures import ceiling_fen, portions
from jiaozi.web.views.programme import Shown, shown

ROWS = 10
STATEMENT_ROWS = 12
YEARS_BACK = 4
_UNFINISHED = (State.HELD, State.SUBMITTED, State.QUEUED, State.RUNNING, State.ENDED, State.METERED)


@page(Label("年度总览", "The year at a glance"), EVERYBODY, place=10)
@require_safe
def year(request: HttpRequest) -> HttpResponse:
    """Show the year: cap and books, vouchers, orders, centres, statements, and the rules that they rest on."""
    now = clock.now()
    today = local_date(now)
    asked = _year(request.GET.get("year", ""), today.year)
    try:
        programme = shown(today)
    except UnableToFindProgramme as missing:
        return render(request, "web/no_programme.html", {"missing": missing, "now": now})
    figures = settlement.year_at_a_glance(programme.slug, asked)
    context = {
        "now": now,
        "programme": programme,
        "year": asked,
        "years": range(today.year, max(programme.text.issued.year, today.year - YEARS_BACK) - 1, -1),
        "figures": figures,
        "ceiling_fen": ceiling_fen(figures),
        "portions": portions(figures),
        "purses": vouchers.purses(programme=programme.slug, limit=ROWS),
        "centres": _centres(programme, now),
        "statements": settlement.statements(programme.slug, limit=STATEMENT_ROWS),
        "live": request.GET.get("live") != "off",
        **_orders(programme.slug),
    }
    return render(request, "web/year.html", context)


def _year(asked: str, this: int) -> int:
    if not asked:
        return this
    if not (asked.isascii() and asked.isdigit()) or not this - 50 <= int(asked) <= this:
        raise Http404(asked)
    return int(asked)


@page(Label("进行中的订单", "Orders under way"), EVERYBODY, parent="web:year")
@require_safe
@never_cache
def live_orders(request: HttpRequest) -> HttpResponse:
    """Give the orders' table alone, for the page to fold into itself every few seconds."""
    try:
        programme = shown(local_date(clock.now()))
    except UnableToFindProgramme as missing:
        raise Http404(missing) from missing
    return render(request, "web/parts/live_orders.html", _orders(programme.slug))


def _orders(slug: str) -> dict[str, Any]:
    rows = orders.orders(programme=slug, limit=ROWS)
    counted = Counter(State(row.state) for row in rows)
    return {"orders": rows, "at_work": [(state, counted[state]) for state in _UNFINISHED if counted[state]]}


def _centres(programme: Shown, now: datetime) -> list[dict[str, Any]]:
    """Give the programme's suppliers with what they offer and at what price."""
    named = [supplier.id for supplier in programme.text.suppliers.named]
    rows = {row.id: row for row in catalogue.centres() if row.id in named}
    names = {row.code: row for row in catalogue.resource_classes()}
    prices: dict[str, list[dict[str, Any]]] = {id_: [] for id_ in named}
    for tariff in catalogue.tariffs_at(now):
        if tariff.centre in prices:
            prices[tariff.centre].append({"tariff": tariff, "resource": names[tariff.resource_class]})
    return [{"centre": rows[id_], "prices": prices[id_]} for id_ in named if id_ in rows]

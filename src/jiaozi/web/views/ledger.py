"""The open ledger: what became of the year's money, by clause, class and centre, and every entry behind each figure."""

from __future__ import annotations

from collections import Counter
from datetime import date
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
from jiaozi.order.rules import UNFINISHED, State
from jiaozi.party.rules import HolderClass
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.settlement import queries as settlement
from jiaozi.transparency import queries as transparency
from jiaozi.transparency.rules import By, Measure
from jiaozi.voucher import queries as vouchers
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.templatetags.figures import UNIT
from jiaozi.web.templatetags.words import said
from jiaozi.web.views.burning import Point, points
from jiaozi.web.views.programme import Shown, shown
from jiaozi.web.years import year_asked, years_offered

ROWS = 25
ENTRIES = 50
_SERIES = (
    (Label("上限内余额", "Left under the cap"), "left_fen", "solid"),
    (Label("累计核销", "Used so far"), "used_fen", "dashed"),
    (Label("累计结算", "Settled so far"), "settled_fen", "dotted"),
)


@page(Label("公开台账", "Open ledger"), EVERYBODY, place=12)
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the year's figures with their breakdowns and how they came about, each figure a door to its entries."""
    now, programme = clock.now(), shown_or_404()
    today = local_date(now)
    asked = year_asked(request.GET, today.year)
    figures = transparency.open_year(programme.slug, asked)
    ceiling = settlement.year_cap(programme.slug, asked)
    ceiling_fen = figures.budget_fen if ceiling is None else ceiling
    burnt = points(transparency.burn_down(programme.slug, asked), ceiling_fen)
    context = {
        "now": now,
        "programme": programme,
        "year": asked,
        "years": years_offered(today.year, programme.text.issued.year),
        "figures": figures,
        "cap_fen": ceiling,
        "ceiling_fen": ceiling_fen,
        "breakdowns": _breakdowns(programme, asked),
        "points": burnt,
        "plot": _plot(burnt),
    }
    return render(request, "web/ledger.html", context)


@page(Label("台账明细", "Entries"), EVERYBODY, parent="web:ledger")
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """List the entries that one figure is the sum of, the latest first; each can be verified."""
    programme = shown_or_404()
    asked = year_asked(request.GET, local_date(clock.now()).year)
    try:
        measure, by = Measure(request.GET.get("measure", Measure.ISSUED)), By(request.GET.get("by", By.ALL))
        before = int(request.GET["before"]) if "before" in request.GET else None
    except ValueError:
        raise Http404(request.GET.urlencode()) from None
    key = request.GET.get("key", "")
    if before is not None and not 0 < before < 2**62:
        raise Http404(before)
    rows = transparency.entries(programme.slug, asked, measure, by=by, key=key, before=before, limit=ENTRIES + 1)
    names = names_by(by, programme)
    context = {
        "programme": programme,
        "year": asked,
        "measure": measure,
        "by": by,
        "key": key,
        "key_name": names.get(key, Label(key, key)),
        "measures": list(Measure),
        "rows": rows[:ENTRIES],
        "before": rows[ENTRIES - 1].n if len(rows) > ENTRIES else None,
        "centres": {row.id: Label(row.name_zh, row.name_en) for row in catalogue.centres()},
    }
    return render(request, "web/entries.html", context)


@page(Label("全部算力券", "All vouchers"), EVERYBODY, parent="web:ledger")
@require_safe
def open_vouchers(request: HttpRequest) -> HttpResponse:
    """List every voucher with what is left of it, a page at a time."""
    programme = shown_or_404()
    found = vouchers.purses(programme=programme.slug, after=place_of(request), limit=ROWS + 1)
    page_ = paged(request, found, ROWS, lambda purse: (purse.voucher.issued_at, purse.voucher.id))
    return render(request, "web/open_vouchers.html", {"programme": programme, "purses": page_["rows"], **page_})


@page(Label("全部订单", "All orders"), EVERYBODY, parent="web:ledger")
@require_safe
def open_orders(request: HttpRequest) -> HttpResponse:
    """List the orders, a page at a time; the first page follows those that run."""
    programme = shown_or_404()
    after = place_of(request)
    found = orders.orders(programme=programme.slug, after=after, limit=ROWS + 1)
    page_ = paged(request, found, ROWS, lambda row: (row.quoted_at, row.id))
    context = {
        "programme": programme,
        **page_,
        "live": after is None and request.GET.get("live") != "off",
        "begins": after is None,
        **_under_way(page_["rows"]),
    }
    return render(request, "web/open_orders.html", context)


@page(Label("进行中的订单", "Orders under way"), EVERYBODY, parent="web:open-orders")
@require_safe
@never_cache
def live_orders(request: HttpRequest) -> HttpResponse:
    """Give the orders' table alone, for the page to fold into itself every few seconds."""
    found = orders.orders(programme=shown_or_404().slug, limit=ROWS)
    return render(request, "web/parts/live_orders.html", _under_way(found))


@page(Label("全部结算单", "All statements"), EVERYBODY, parent="web:ledger")
@require_safe
def open_statements(request: HttpRequest) -> HttpResponse:
    """List every statement with its three ways, a page at a time."""
    programme = shown_or_404()
    found = settlement.statements(programme.slug, after=place_of(request, date.fromisoformat), limit=ROWS + 1)
    page_ = paged(request, found, ROWS, lambda row: (row.first, row.id))
    return render(request, "web/open_statements.html", {"programme": programme, "statements": page_["rows"], **page_})


def shown_or_404() -> Shown:
    """Give the programme that the pages are about.

    Raises
    ------
    Http404
        When none was adopted.
    """
    try:
        return shown(local_date(clock.now()))
    except UnableToFindProgramme as missing:
        raise Http404(missing) from missing


def names_by(by: By, programme: Shown) -> dict[str, Label]:
    """Give the names of what a total is broken down by."""
    if by is By.CLAUSE:
        return programme.clauses
    if by is By.HOLDER:
        return {each.value: each.label for each in HolderClass}
    if by is By.CENTRE:
        return {row.id: Label(row.name_zh, row.name_en) for row in catalogue.centres()}
    return {}


def _breakdowns(programme: Shown, year: int) -> list[dict[str, Any]]:
    titles = {
        By.CENTRE: Label("按算力中心", "By centre"),
        By.CLAUSE: Label("按条款", "By clause"),
        By.HOLDER: Label("按申领主体", "By class of holder"),
    }
    heads = {
        By.CENTRE: Label("算力中心", "Centre"),
        By.CLAUSE: Label("条款", "Clause"),
        By.HOLDER: Label("主体类别", "Class"),
    }
    found = []
    for by, title in titles.items():
        names = names_by(by, programme)
        rows = [
            {"key": each.key, "name": names.get(each.key, Label(each.key, each.key)), "figures": each.figures}
            for each in transparency.breakdown(programme.slug, year, by)
        ]
        found.append({"by": by, "title": title, "head": heads[by], "rows": rows, "issues": by is not By.CENTRE})
    return found


def _plot(burnt: list[Point]) -> dict[str, Any]:
    """Give the plot's lines in fen; the table beneath has the same figures."""
    lines = [
        {"name": said(label), "dash": dash, "points": [getattr(point, name) for point in burnt]}
        for label, name, dash in _SERIES
    ]
    return {"kind": "burnt", "unit": said(UNIT), "x": [point.name for point in burnt], "lines": lines}


def _under_way(rows: Any) -> dict[str, Any]:
    counted = Counter(State(row.state) for row in rows)
    return {"orders": rows, "at_work": [(state, counted[state]) for state in UNFINISHED if counted[state]]}

"""The exchange for everybody: its sessions, and of each the one price a hub and period, with what the links carried."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.exchange import queries
from jiaozi.exchange.queries import Result
from jiaozi.exchange.rules import Book, Price, SessionState, next_close
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Role
from jiaozi.web.frame import asking
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.templatetags.market import A_LOT
from jiaozi.web.templatetags.words import name_of, said

SESSIONS, ROWS = 50, 500
TRADERS = frozenset({Role.APPLICANT, Role.CENTRE})
WATCHERS = frozenset({Role.OFFICER, Role.OPERATOR, Role.AUDITOR})


@page(Label("算力交易", "Exchange"), EVERYBODY, place=60)
@require_safe
def exchange(request: HttpRequest) -> HttpResponse:
    """List the sessions, the latest first, and say when the next one is cleared."""
    programme, now = settings.JIAOZI_PROGRAMME, clock.now()
    rows = queries.sessions(programme, limit=SESSIONS)
    schedules = queries.schedules(programme)
    context = {
        "sessions": rows,
        "open": next((row for row in rows if row.state is SessionState.OPEN and now < row.closes_at), None),
        "schedules": schedules,
        "next": min((next_close(row.closes_minute, now) for row in schedules if row.active), default=None),
        "seats": queries.seats(programme),
        **_reader(request, programme),
    }
    return render(request, "web/exchange.html", context)


def _reader(request: HttpRequest, programme: str) -> dict[str, bool]:
    who = asking(request)
    trades = who.role in TRADERS and who.actor is not None and queries.may_trade(who.actor, programme)
    return {"trades": trades, "watches": who.role in WATCHERS}


@page(Label("场次结果", "Session"), EVERYBODY, parent="web:exchange")
@require_safe
def exchange_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show what is public of a session: prices, lots, flows, and what proves them; nobody's order."""
    chosen = request.GET.get("class", "")
    found = queries.result(session_id, rows=ROWS, resource_class=chosen)
    names = Names(found.book)
    context = {
        "row": found,
        "chosen": chosen,
        "names": names,
        "tables": [_table(found, names, each.resource_class) for each in found.book.contracts if found.prices],
        "plot": _plot(found, names, chosen) if found.prices else None,
        "most": ROWS,
        **_reader(request, found.programme),
    }
    return render(request, "web/exchange_session.html", context)


class Names:
    """Says the names of a session's hubs, classes and periods: two statements for all of them."""

    def __init__(self, book: Book) -> None:
        self.periods = {each.id: each for each in book.periods}
        self._hubs = {row.id: row for row in catalogue.hubs()}
        self._classes = {row.code: row for row in catalogue.resource_classes()}

    def hub(self, code: str) -> str:
        """Say a hub."""
        return name_of(self._hubs[code]) if code in self._hubs else code

    def resource_class(self, code: str) -> str:
        """Say a resource class."""
        return name_of(self._classes[code]) if code in self._classes else code

    def start(self, period: str) -> datetime | None:
        """Give when a period begins."""
        found = self.periods.get(period)
        return found.start if found else None


def _table(found: Result, names: Names, resource_class: str) -> dict[str, Any]:
    """Give one class's prices, a row a period and a column a hub; a hub without any trade has no column."""
    here = {
        (each.product.period, each.product.hub): each
        for each in found.prices
        if each.product.resource_class == resource_class
    }
    hubs = [hub for hub in found.book.hubs if any(hub == each for _, each in here)]
    rows: list[tuple[Any, list[Price | None]]] = [
        (period, [here.get((period.id, hub)) for hub in hubs])
        for period in found.book.periods
        if any(period.id == each for each, _ in here)
    ]
    return {"code": resource_class, "name": names.resource_class(resource_class), "hubs": hubs, "rows": rows}


def _plot(found: Result, names: Names, chosen: str) -> dict[str, Any]:
    """Give the prices of one class as a line a hub, in fen, for the plot; the table says the same."""
    code = chosen or found.prices[0].product.resource_class
    told = {(each.product.period, each.product.hub): each.price_fen for each in found.prices if each.product[0] == code}
    periods = [each for each in found.book.periods if any(each.id == period for period, _ in told)]
    hubs = [hub for hub in found.book.hubs if any(hub == each for _, each in told)]
    lines = [{"name": names.hub(hub), "points": [told.get((each.id, hub)) for each in periods]} for hub in hubs]
    starts = [each.start.isoformat() for each in periods]
    return {"kind": "prices", "unit": said(A_LOT), "starts": starts, "lines": lines}

"""Usage that nobody has charged yet: what stands still and why, what came twice, what the platform saw differently."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.metering import queries
from jiaozi.metering.models import UsageRow
from jiaozi.metering.rules import ruling
from jiaozi.metering.rules.entry import BY_VOUCHER
from jiaozi.metering.rules.payload import side_by_side
from jiaozi.metering.rules.reasons import TOLERANCE_MS
from jiaozi.metering.services.reaching import check_reach
from jiaozi.order import queries as orders
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Reach, Role, check_may_see, reach_of
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.paging import paged, place_of

READERS = STAFF | {Role.CENTRE}
ROWS, STUCK_ROWS, SEEN_ROWS = 50, 100, 100
_HELD, _DISPUTES, _ORDERS, _SEEN = "held", "disputes", "orders", "seen"
SHOWN = {
    _HELD: Label("暂扣", "Held back"),
    _DISPUTES: Label("争议", "Disputes"),
    _ORDERS: Label("待用量的订单", "Orders that wait"),
    _SEEN: Label("独立核对", "Independent check"),
}


def reached(request: HttpRequest) -> str | None:
    """Give the centre that a page is narrowed to: a clerk's own, else the one asked for, None for all."""
    asked = request.GET.get("centre", "") or None
    return reach_of(actor(request), settings.JIAOZI_PROGRAMME, Reach(centre=asked), holders=False).centre


def chosen(request: HttpRequest, centre: str | None) -> dict[str, Any]:
    """Give what the choice of a centre shows: every connected one to those who oversee them, none to a clerk."""
    names = {row.id: row for row in catalogue.centres(connected=True)}
    if centre is not None and centre not in names:
        names[centre] = catalogue.centre(centre)
    clerk = actor(request).role is Role.CENTRE
    return {"centre": names.get(centre or ""), "centres": names, "choices": [] if clerk else list(names.values())}


@page(Label("用量", "Usage"), READERS, place=45)
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """Show what stands still: how much, since when, why, and what one may do about it."""
    centre, by, now = reached(request), actor(request), clock.now()
    show = request.GET.get("show", _HELD)
    show = show if show in SHOWN else _HELD
    listed = {_HELD: _held, _DISPUTES: _disputed, _ORDERS: _waiting, _SEEN: _seen}[show]
    context = {
        **chosen(request, centre),
        **listed(request, centre),
        "show": show,
        "tabs": SHOWN,
        "unconfirmed": queries.unconfirmed(centre, **_affairs(by)),
        "now": now,
        "may_import": by.role in {Role.CENTRE, Role.OPERATOR},
    }
    return render(request, "web/usage.html", context)


def _affairs(by: Actor) -> dict[str, Any]:
    """Keep whoever's membership names a programme to that one's affairs; a centre sees all of its own."""
    return {"programme": by.programme, "on": local_date(clock.now())}


def _held(request: HttpRequest, centre: str | None) -> dict[str, Any]:
    found = queries.held_back(centre, **_affairs(actor(request)), after=place_of(request), limit=ROWS + 1)
    context = paged(request, found, ROWS, lambda row: (row.received_at, row.id))
    by = actor(request)
    for row in context["rows"]:
        row.offered = offered(by, row)
    return context


def offered(by: Actor, row: UsageRow) -> tuple[ruling.RulingVerb, ...]:
    """Give what somebody may decide about a record."""
    return ruling.offered(
        by, centre=row.centre_id, state=row.state, code=row.reason_code, by_voucher=row.source in BY_VOUCHER
    )


def _disputed(request: HttpRequest, centre: str | None) -> dict[str, Any]:
    found = queries.disputes(centre, **_affairs(actor(request)), after=place_of(request), limit=ROWS + 1)
    return paged(request, found, ROWS, lambda row: (row.received_at, row.id))


def _waiting(request: HttpRequest, centre: str | None) -> dict[str, Any]:
    by = actor(request)
    rows = queries.stuck(centre, programme=by.programme, limit=STUCK_ROWS)
    return {"rows": rows, "may_waive": by.role in {Role.CENTRE, Role.OFFICER}}


def _seen(request: HttpRequest, centre: str | None) -> dict[str, Any]:
    if centre is None:
        return {"rows": []}
    captures = queries.latest_captures(centre, programme=actor(request).programme)
    return {"rows": queries.claims(captures, apart_least_ms=TOLERANCE_MS, sampled=[])[:SEEN_ROWS]}


@page(Label("用量记录", "Usage record"), READERS, parent="web:usage")
@require_safe
def usage_record(request: HttpRequest, usage_id: UUID) -> HttpResponse:
    """Show one record with all that was measured, why it stands still, and what may be decided."""
    row, by = queries.usage(usage_id), actor(request)
    held = orders.order(row.order_id) if row.order_id else None
    check_may_see(by, centre=row.centre_id, programme=by.programme)
    check_reach(row, by, clock.now())
    decided = queries.rulings(usage=row.id)
    context = {
        "row": row,
        "order": held,
        "offered": offered(by, row),
        "by_voucher": row.source in BY_VOUCHER,
        "rulings": decided,
        "people": party.names_on_screen(each.by for each in decided),
        "centre": catalogue.centre(row.centre_id),
    }
    return render(request, "web/usage_record.html", context)


@page(Label("用量争议", "Usage dispute"), READERS, parent="web:usage")
@require_safe
def usage_dispute(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """Show both contents of one record's name side by side, and let an officer choose."""
    row, by = queries.dispute(dispute_id), actor(request)
    first = queries.under_dispute(row)
    check_may_see(by, centre=row.centre_id, programme=by.programme)
    check_reach(first, by, clock.now())
    decided = queries.rulings(dispute=row.id)
    context = {
        "row": row,
        "first": first,
        "figures": side_by_side(first, row.payload),
        "rulings": decided,
        "people": party.names_on_screen(each.by for each in decided),
        "centre": catalogue.centre(row.centre_id),
        "may_resolve": by.role is Role.OFFICER and row.resolved_at is None,
    }
    return render(request, "web/usage_dispute.html", context)

"""Watching over one session: findings of market power and related trades, its steps, and the proof by replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jiaozi.exchange import queries
from jiaozi.exchange import services as exchange
from jiaozi.exchange.queries import Result
from jiaozi.exchange.rules import Product, SessionState, Side
from jiaozi.exchange.rules.life import TRANSITIONS
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Role, check_oversees
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.views.exchange import WATCHERS, Names
from jiaozi.web.views.stepped import Form, stepped
from jiaozi.web.views.trading import curve

SHOWN = 100
_WORDS = {
    "close": Label("截止", "Close"),
    "clear": Label("出清", "Clear"),
    "settle": Label("结算", "Settle"),
    "void": Label("作废", "Void"),
}
_VERBS: dict[str, Callable[..., Any]] = {
    "close": exchange.close_session,
    "clear": exchange.clear_session,
    "settle": exchange.settle_session,
    "void": exchange.void_session,
}


@page(Label("场次监督", "Watching a session"), WATCHERS, parent="web:exchange")
@require_safe
def market_desk(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show findings, orders to auditors once cleared, steps to whom they belong."""
    by = actor(request)
    found = queries.result(session_id, rows=SHOWN)
    check_oversees(by, found.programme)
    findings = queries.flags(session_id, by=by)
    context = {
        "row": found,
        "names": Names(found.book),
        "findings": findings,
        "shown": SHOWN,
        "parties": _parties(findings),
        "replay": queries.replay(session_id, by=by) if "replay" in request.GET and found.state.told else None,
        "verbs": _verbs(found.state, by),
        "curve": _sealed(request, found, by),
    }
    return render(request, "web/market_desk.html", context)


def _verbs(state: SessionState, by: Actor) -> list[tuple[str, Label]]:
    return [
        (verb, _WORDS[verb])
        for (before, verb), (roles, _) in TRANSITIONS.items()
        if before is state and by.role in roles
    ]


def _parties(findings: Any) -> dict[str, str]:
    """Give the names of everybody whom a finding that is shown names."""
    ids = {seller for each in findings.powers[:SHOWN] for seller in each["sellers"]}
    ids |= {each[side] for each in findings.related_trades[:SHOWN] for side in ("buyer", "seller")}
    return {str(id_): name for id_, name in party.names_of([UUID(each) for each in sorted(ids)]).items()}


def _sealed(request: HttpRequest, found: Result, by: Actor) -> dict[str, Any] | None:
    """Give an auditor the step curve of all orders of one product."""
    if by.role is not Role.AUDITOR or not found.state.told or not found.prices:
        return None
    prices = {each.product: each.price_fen for each in found.prices}
    products = sorted(prices)
    asked = request.GET.get("product", "")
    product: Product = next((each for each in products if "|".join(each) == asked), products[0])
    rows = queries.sealed_orders(found.id, by=by, product=product, limit=2_000)
    told = [
        (Side(each.side), each.limit_fen, each.quantity, each.accepted or 0) for each in rows if each.state == "LIVE"
    ]
    return curve(product, products, told, prices[product])


@page(Label("办理", "Step"), frozenset({Role.OFFICER, Role.OPERATOR}), parent="web:exchange")
@require_POST
def exchange_step(request: HttpRequest, session_id: UUID, verb: str) -> HttpResponse:
    """Take one step; a refusal is said on the desk, and nothing has changed."""
    act = _VERBS.get(verb)
    if act is None:
        raise Http404(verb)
    by = actor(request)

    def take(words: Form) -> Any:
        more = {"reason": words.get("words", "")} if verb == "void" else {}
        return act(session_id=session_id, by=by, now=clock.now(), **more)

    return stepped(request, take, reverse("web:market-desk", args=[session_id]))

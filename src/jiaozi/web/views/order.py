"""One order: where it stands, what it costs and why, what was held and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from jiaozi.catalogue.rules import Unit, billable_ms
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.order import queries as orders
from jiaozi.order.rules import ON_ENGINE, State
from jiaozi.policy.rules.figures import shown
from jiaozi.policy.rules.words import Kind

_MOVING = (State.QUOTED, State.HELD, *ON_ENGINE, State.ENDED, State.METERED)


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of an order's life, with its instant where it has been taken."""

    label: Label
    at: datetime | None


@require_safe
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show an order: its price as arithmetic, its hold, its steps; the live part alone when it asks for itself."""
    try:
        row = orders.order(order_id)
    except orders.UnableToFindOrder as missing:
        raise Http404(missing.reason.label.in_language(get_language() or "")) from missing
    context = {
        "now": clock.now(),
        "order": row,
        "moving": row.state in _MOVING,
        "unit": Unit(row.resource_class.unit),
        "share_percent": shown(Kind.RATIO, Fraction(row.share_numerator, row.share_denominator)),
        "billed_ms": _billed_ms(row),
        "moments": _moments(row),
    }
    partial = "HX-Request" in request.headers
    return render(request, "web/parts/order.html" if partial else "web/order.html", context)


def _billed_ms(row: Any) -> int | None:
    """Give the time that the price is for: the run's, rounded up to the tariff's step."""
    if row.started_at is None or row.ended_at is None:
        return None
    elapsed_ms = round((row.ended_at - row.started_at).total_seconds() * 1000)
    return billable_ms(elapsed_ms, row.tariff.granularity_ms)


def _moments(row: Any) -> list[Moment]:
    return [
        Moment(Label("报价", "quoted"), row.quoted_at),
        Moment(Label("开始运行", "started"), row.started_at),
        Moment(Label("运行结束", "ended"), row.ended_at),
    ]

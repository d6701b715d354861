"""What a centre offers and at what price, and how its connection, jobs, leases and links are doing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre, Offer, TariffVersion
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.lease import queries as leases
from jiaozi.lease import services as lease
from jiaozi.metering import queries as metering
from jiaozi.order import queries as orders
from jiaozi.order.rules import UNFINISHED
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.pricing import PUBLISHERS
from jiaozi.web.views.usage import READERS, chosen, reached

ROWS, LEASES_SHOWN = 50, 50


@page(Label("资源与价目", "Offers and tariffs"), READERS, place=44)
@require_safe
def supply(request: HttpRequest) -> HttpResponse:
    """Show what a centre offers now at which price, and every version that a price ever had."""
    context, centre = of_a_centre(request)
    if centre is not None:
        now = clock.now()
        prices = [{"row": row, "standing": _standing(row, now)} for row in catalogue.price_list(centre.id)]
        offers = catalogue.offers_for(centre.id, with_disabled=True)
        context |= {
            "offers": [_priced(each, prices) for each in offers],
            "prices": prices,
            "may_price": actor(request).role in PUBLISHERS,
        }
    return render(request, "web/supply.html", context)


def _priced(offer: Offer, prices: list[dict[str, Any]]) -> dict[str, Any]:
    """Put an offer beside the prices that hold for it, now or from a day on."""
    held = [each for each in prices if each["row"].resource_class_id == offer.resource_class_id]
    return {"row": offer, "prices": [each for each in held if each["standing"] != "over"]}


def _standing(row: TariffVersion, now: Any) -> str:
    if row.valid_until is not None and row.valid_until <= now:
        return "over"
    return "ahead" if row.valid_from > now else "now"


@page(Label("接入与运行", "Connection and health"), READERS, parent="web:supply")
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Show when a centre was heard last, what runs there, what it may spend without asking, and its links."""
    context, centre = of_a_centre(request)
    if centre is not None:
        programme = settings.JIAOZI_PROGRAMME
        found = orders.orders(
            programme=programme, centre=centre.id, states=UNFINISHED, after=place_of(request), limit=ROWS + 1
        )
        context |= {
            **paged(request, found, ROWS, lambda row: (row.quoted_at, row.id)),
            "contact": lease.contact(centre),
            "read_at": metering.read_at(centre.id),
            "leases": leases.leases(programme=programme, centre=centre.id, limit=LEASES_SHOWN),
            "probes": catalogue.probes_of(centre.id),
            "now": clock.now(),
        }
    return render(request, "web/health.html", context)


def of_a_centre(request: HttpRequest) -> tuple[dict[str, Any], Centre | None]:
    """Give the choice of a centre; whoever oversees several sees the first until one is chosen."""
    asked = reached(request)
    context = chosen(request, asked)
    if asked is None and context["choices"]:
        context["centre"] = context["choices"][0]
    return context, context["centre"]

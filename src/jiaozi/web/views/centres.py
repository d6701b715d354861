"""The map: hubs, centres, tiers and links, with what is free, at what price, how far away; and the same as tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.rules import Tier
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.order import queries as orders
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.templatetags.words import name_of, said

_RINGS = {Tier.CITY: 0.0, Tier.METRO: 1.0, Tier.CHENGYU: 2.0, Tier.NATIONAL: 3.0}
_APART = {Tier.METRO: math.radians(90), Tier.CHENGYU: math.radians(60), Tier.NATIONAL: math.radians(38)}
"""How far the places of a ring stand apart at least, so that their names have room."""
_WHOLE = 2 * math.pi
MEASURED, PUBLISHED, MODEL = "measured", "published", "model"
_LINKS_MAX = 200


@page(Label("算力地图", "Map of centres"), EVERYBODY, place=22)
@require_safe
def centres(request: HttpRequest) -> HttpResponse:
    """Show where there is compute, how much is free, what it costs and how far away it is."""
    now = clock.now()
    rows = catalogue.centres()
    links = _links(rows)
    offers = catalogue.offers()
    names = {row.code: row for row in catalogue.resource_classes()}
    used = orders.units_at_work()
    prices: dict[str, list[Any]] = defaultdict(list)
    for tariff in catalogue.tariffs_at(now):
        prices[tariff.centre].append({"tariff": tariff, "resource": names[tariff.resource_class]})
    free: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for offer in offers:
        taken = used.get((offer.centre_id, offer.resource_class_id), 0)
        free[offer.centre_id].append({"offer": offer, "used": taken, "free": max(0, offer.units - taken)})
    found = [
        {
            "centre": row,
            "prices": prices[row.id],
            "offers": free[row.id],
            "rtt": links.get(row.id),
        }
        for row in sorted(rows, key=lambda row: (list(Tier).index(Tier(row.tier)), row.id))
    ]
    context = {
        "centres": found,
        "hubs": catalogue.hubs(),
        "plot": _plot(found),
        "now": now,
    }
    return render(request, "web/centres.html", context)


def _links(rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Give the nearest way from a centre of the city to each other one: the least round trip, and how it is known."""
    city = {row.id for row in rows if row.tier == Tier.CITY}
    found: dict[str, dict[str, Any]] = {}
    probes = {(probe.start_id, probe.end_id): probe for probe in catalogue.probes()}
    for link in catalogue.links():
        inner, outer = (link.start_id, link.end_id) if link.start_id in city else (link.end_id, link.start_id)
        if inner not in city or outer in city:
            continue
        probe = probes.get((link.start_id, link.end_id))
        rtt_us, kind = (
            (probe.rtt_us, MEASURED) if probe else (link.rtt_us, MODEL if link.grade == "DEMO" else PUBLISHED)
        )
        known = found.get(outer)
        if rtt_us is not None and (known is None or rtt_us < known["rtt_us"]):
            found[outer] = {"rtt_us": rtt_us, "ms": _ms(rtt_us), "kind": kind, "link": link}
    return found


def _ms(rtt_us: int) -> str:
    whole, rest = divmod(rtt_us, 1000)
    return f"{whole}.{rest // 100}" if rest >= 100 else str(whole)  # noqa: PLR2004 - a tenth of a millisecond


def bearings(
    places: Mapping[str, tuple[float, float]], middle: tuple[float, float], apart: float = 0.0
) -> dict[str, float]:
    """Give each place's bearing from the middle, clockwise from north, in radians.

    Names need room: those nearer to each other than ``apart`` are moved until they are not, in their order.

    >>> turns = bearings({"n": (104.0, 31.0), "e": (105.0, 30.0)}, (104.0, 30.0))
    >>> {name: round(math.degrees(turn)) for name, turn in turns.items()}
    {'n': 0, 'e': 90}
    """
    lon0, lat0 = middle
    narrow = math.cos(math.radians(lat0))
    turns = {name: math.atan2((lon - lon0) * narrow, lat - lat0) % _WHOLE for name, (lon, lat) in places.items()}
    order = sorted(turns, key=lambda name: turns[name])
    gaps = [(turns[here] - turns[before]) % _WHOLE for before, here in zip(order[-1:] + order[:-1], order, strict=True)]
    first = max(range(len(order)), key=lambda place: gaps[place], default=0)
    order = order[first:] + order[:first]  # the widest gap is where the ring may be cut
    true = [(turns[name] - turns[order[0]]) % _WHOLE for name in order]
    moved: list[float] = []
    for turn in true:
        moved.append(max(turn, moved[-1] + apart) if moved else turn)
    back = sum(now - turn for now, turn in zip(moved, true, strict=True)) / max(1, len(order))
    return {name: (turns[order[0]] + turn - back) % _WHOLE for name, turn in zip(order, moved, strict=True)}


def _plot(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Lay the cities on one ring a tier, each roughly in its direction from the middle."""
    cities: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for each in found:
        row = each["centre"]
        if row.longitude_e4 is not None and row.latitude_e4 is not None:
            cities[row.tier, row.city_zh].append(each)
    inner = next((group[0]["centre"] for (tier, _), group in cities.items() if tier == Tier.CITY), None)
    if inner is None:
        return {"kind": "map", "nodes": [], "rings": []}
    middle = (inner.longitude_e4 / 10_000, inner.latitude_e4 / 10_000)
    nodes = []
    for tier in Tier:
        group = {city: rows for (each, city), rows in cities.items() if each == tier}
        at = {
            city: (rows[0]["centre"].longitude_e4 / 10_000, rows[0]["centre"].latitude_e4 / 10_000)
            for city, rows in group.items()
        }
        turns = bearings(at, middle, _APART.get(tier, 0.0))
        nodes += [_node(rows, tier, turns[city]) for city, rows in group.items()]
    rings = [{"r": _RINGS[tier], "name": said(tier.label)} for tier in Tier if _RINGS[tier]]
    return {"kind": "map", "nodes": nodes, "rings": rings, "ms": said(Label("毫秒", "ms"))}


def _node(rows: list[dict[str, Any]], tier: Tier, turn: float) -> dict[str, Any]:
    row, rtt = rows[0]["centre"], rows[0]["rtt"]
    r = _RINGS[tier]
    return {
        "x": round(r * math.sin(turn), 3),
        "y": round(r * math.cos(turn), 3),
        "name": said(Label(row.city_zh, row.city_en)),
        "detail": [name_of(each["centre"]) for each in rows],
        "rtt": rtt["ms"] if rtt else "",
        "known": rtt["kind"] if rtt else "",
    }

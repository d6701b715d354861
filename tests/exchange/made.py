"""Books made to order, random ones for hypothesis, and an oracle that clears by somebody else's solver."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import strategies as st
from ortools.graph.python import min_cost_flow

from jiaozi.exchange.rules import Book, Contract, Link, Order, Period, Side, Terms

NOON = datetime(2026, 12, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bid(name, quantity, limit_fen, minimum=0, *, hub="a", party="", period="h0", resource_class="gpu"):
    return Order(name, party or f"p-{name}", Side.BID, resource_class, hub, period, quantity, limit_fen, minimum)


def ask(name, quantity, limit_fen, minimum=0, *, hub="a", party="", period="h0", resource_class="gpu"):
    return Order(name, party or f"p-{name}", Side.ASK, resource_class, hub, period, quantity, limit_fen, minimum)


def book(*orders, links=(), hubs=("a", "b", "c"), periods=1, related=(), **terms):
    blocks = tuple(Period(f"h{hour}", NOON + hour * HOUR, NOON + (hour + 1) * HOUR) for hour in range(periods))
    return Book("made", hubs, blocks, (Contract("gpu"),), tuple(links), tuple(orders), tuple(related), Terms(**terms))


@st.composite
def books(draw, *, orders=14, minimums=False):
    """Small figures, so that limits meet, links bind and margins tie."""
    hubs = ("a", "b", "c", "d")[: draw(st.integers(1, 4))]
    links = [
        Link(one, other, draw(st.integers(0, 12)), draw(st.integers(0, 3)))
        for one in hubs
        for other in hubs
        if one != other and draw(st.booleans())
    ]
    rows = []
    for number in range(draw(st.integers(0, orders))):
        quantity = draw(st.integers(1, 12))
        least = draw(st.integers(0, quantity)) if minimums and draw(st.booleans()) else 0
        make = draw(st.sampled_from([bid, ask]))
        rows.append(make(f"o{number}", quantity, draw(st.integers(0, 9)), least, hub=draw(st.sampled_from(hubs))))
    return book(*rows, links=links, hubs=hubs)


def welfare_by_flow(made, taken=(), *, forced):
    """Give the best welfare by OR-tools' min-cost flow; minimums of ``taken`` are lower bounds where forced.

    Orders with a minimum that are not taken are out. None where nothing balances.
    """
    flow = min_cost_flow.SimpleMinCostFlow()
    outside = len(made.hubs)
    node = {hub: number for number, hub in enumerate(made.hubs)}
    supply = [0] * (outside + 1)
    fixed = 0
    for order in made.orders:
        if order.minimum and order.id not in taken:
            continue
        least = order.minimum if forced else 0
        selling = order.side is Side.ASK
        cost = order.limit_fen if selling else -order.limit_fen
        start, end = (outside, node[order.hub]) if selling else (node[order.hub], outside)
        flow.add_arc_with_capacity_and_unit_cost(start, end, order.quantity - least, cost)
        fixed += least * cost
        supply[start] -= least
        supply[end] += least
    for link in made.links:
        flow.add_arc_with_capacity_and_unit_cost(node[link.start], node[link.end], link.capacity, link.charge_fen)
    for number, lots in enumerate(supply):
        flow.set_node_supply(number, lots)
    if flow.solve() != flow.OPTIMAL:
        return None
    return -(flow.optimal_cost() + fixed)


def best_by_trying(made):
    """Give the best welfare over all sets of orders with a minimum at which nobody loses.

    Prices without a loser exist for a set just when forcing its minimums costs nothing (strong duality).
    """
    names = [each.id for each in made.orders if each.minimum]
    found = 0
    for size in range(len(names) + 1):
        for taken in combinations(names, size):
            free = welfare_by_flow(made, taken, forced=False)
            if free > found and welfare_by_flow(made, taken, forced=True) == free:
                found = free
    return found

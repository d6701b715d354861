"""Who could move a price, and who traded with its own: shares, concentration, pivotal sellers, related traders.

Parties that are related count as one. Shares and concentration are those of what is offered of a product. A seller is
pivotal when all that was bought of the class in the period could not have been served by the others' asks over the
links (the pivotal supplier test, as a maximum flow).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from jiaozi.exchange.rules.book import Book, Product, Side
from jiaozi.exchange.rules.checking import HHI_WHOLE, PPM
from jiaozi.exchange.rules.clearing.paths import fill
from jiaozi.kernel.label import Label


class Power(NamedTuple):
    """A product where a group of sellers could move the price; ``sellers`` are its parties."""

    product: Product
    sellers: tuple[str, ...]
    share_ppm: int
    hhi: int
    pivotal: bool

    def body(self) -> list[Any]:
        """Give the form that a digest covers."""
        return [*self.product, list(self.sellers), self.share_ppm, self.hhi, self.pivotal]

    @property
    def label(self) -> Label:
        """It in both languages."""
        share = f"{self.share_ppm / 10_000:.1f} %"
        pivotal = ("，为关键供给方", ", pivotal") if self.pivotal else ("", "")
        return Label(
            f"占卖出总量{share}，集中度{self.hhi}{pivotal[0]}",
            f"{share} of what is offered, concentration {self.hhi}{pivotal[1]}",
        )


class RelatedTrade(NamedTuple):
    """Related parties on both sides of one product: so many lots at most were traded between them."""

    product: Product
    buyer: str
    seller: str
    lots: int


def groups(parties: Iterable[str], related: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give each party's group, named by its first member: whoever is tied, also by way of others, is in one.

    >>> groups("abcd", [("a", "b"), ("b", "c")])
    {'a': 'a', 'b': 'a', 'c': 'a', 'd': 'd'}
    """
    leader = {each: each for each in sorted(parties)}
    for pair in related:
        for each in pair:
            leader.setdefault(each, each)

    def first(party: str) -> str:
        while leader[party] != party:
            leader[party] = leader[leader[party]]
            party = leader[party]
        return party

    for one, other in related:
        low, high = sorted((first(one), first(other)))
        leader[high] = low
    return {each: first(each) for each in leader}


def powers(book: Book, accepted: Mapping[str, int]) -> tuple[Power, ...]:
    """Give every traded product where a seller's share, the concentration or a pivotal seller is past the terms."""
    group = groups({each.party for each in book.orders}, book.related)
    offered: defaultdict[Product, Counter[str]] = defaultdict(Counter)
    traded: dict[Side, Counter[Product]] = {Side.BID: Counter(), Side.ASK: Counter()}
    members: defaultdict[tuple[Product, str], set[str]] = defaultdict(set)
    for order in book.orders:
        product, lots = order.product, accepted.get(order.id, 0)
        if lots:
            traded[order.side][product] += lots
        if order.side is Side.ASK:
            offered[product][group[order.party]] += order.quantity
            members[product, group[order.party]].add(order.party)
    found = []
    for product, by_group in sorted(offered.items()):
        if not traded[Side.BID][product] + traded[Side.ASK][product]:
            continue
        whole = sum(by_group.values())
        hhi = sum(lots * lots for lots in by_group.values()) * HHI_WHOLE // (whole * whole)
        largest = min(by_group, key=lambda name: (-by_group[name], name))
        share_ppm = by_group[largest] * PPM // whole
        pivotal = _pivotal(book, product, largest, offered, traded[Side.BID])
        if share_ppm > book.terms.share_max_ppm or hhi > book.terms.hhi_max or pivotal:
            found.append(Power(product, tuple(sorted(members[product, largest])), share_ppm, hhi, pivotal))
    return tuple(found)


def _pivotal(
    book: Book, product: Product, group: str, offered: Mapping[Product, Counter[str]], bought: Mapping[Product, int]
) -> bool:
    """Say whether what was bought of a class in a period could not be served without a group."""
    node = {hub: number for number, hub in enumerate(sorted(book.hubs))}
    source, sink = len(node), len(node) + 1
    room: list[dict[int, int]] = [{} for _ in range(len(node) + 2)]
    wanted = 0
    for hub, number in node.items():
        here = product._replace(hub=hub)
        by_group: Mapping[str, int] = offered.get(here, {})
        room[source][number] = sum(by_group.values()) - by_group.get(group, 0)
        room[number][sink] = bought.get(here, 0)
        wanted += room[number][sink]
    for link in book.links:
        if link.covers(product.resource_class, product.period):
            room[node[link.start]][node[link.end]] = link.capacity
    return fill(room, source, sink) < wanted


def related_trades(book: Book, accepted: Mapping[str, int]) -> tuple[RelatedTrade, ...]:
    """Give every product of which a party sold and a related one bought."""
    if not book.related:
        return ()
    got: defaultdict[Product, dict[Side, defaultdict[str, int]]] = defaultdict(
        lambda: {Side.BID: defaultdict(int), Side.ASK: defaultdict(int)}
    )
    for order in book.orders:
        if lots := accepted.get(order.id, 0):
            got[order.product][order.side][order.party] += lots
    ties = {pair for one, other in book.related for pair in ((one, other), (other, one))}
    found = [
        RelatedTrade(product, buyer, seller, min(bids[buyer], asks[seller]))
        for product, sides in got.items()
        for bids, asks in [(sides[Side.BID], sides[Side.ASK])]
        for buyer in bids
        for seller in asks
        if (buyer, seller) in ties
    ]
    return tuple(sorted(found))

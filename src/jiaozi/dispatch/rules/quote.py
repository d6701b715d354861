"""A quote: one request against all offers, every feasible one priced and ranked, every other one with its reasons.

Score = compute + data movement + value of waiting + what the units are worth to others. Only the first two are money.

Cost: one pass in whole numbers, about 3 µs an offer and 1 µs a refusal; 200 offers in less than a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.rules.network import HERE, Network, Route, moving_fen
from jiaozi.dispatch.rules.price import compute_fen, scarcity_fen, voucher_share, waiting_fen
from jiaozi.dispatch.rules.refusals import ASKED_FIRST, Change, Miss, change, least, reason
from jiaozi.dispatch.rules.request import Offer, Request, UnableToPlace, check_offer, check_request
from jiaozi.dispatch.rules.window import earliest_start, most_units
from jiaozi.kernel.refusal import Reason

OFFERS_MAX = 2_000
RANK = {tier: rank for rank, tier in enumerate(Tier)}
"""How far out a tier is: 市内 0, 都市圈 1, 成渝 2, 国家枢纽 3."""


class Option(NamedTuple):
    """A place that can serve the request; ``price_fen`` = compute + movement = voucher's part + own part."""

    offer: Offer
    start_s: int
    end_s: int
    compute_fen: int
    movement_fen: int
    waiting_fen: int
    scarcity_fen: int
    price_fen: int
    score_fen: int
    voucher_fen: int
    own_fen: int
    notes: tuple[str, ...]

    @property
    def centre(self) -> str:
        """Where."""
        return self.offer.centre


class Turned(NamedTuple):
    """An offer that can't serve the request: every check that failed."""

    offer: Offer
    misses: tuple[Miss, ...]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Say why, in both languages."""
        return tuple(reason(miss) for miss in self.misses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The ranked places, best first; the offers turned down; and, with no place at all, what would make one."""

    options: tuple[Option, ...]
    turned: tuple[Turned, ...]
    changes: tuple[Change, ...]
    reason: Reason | None = None

    @property
    def best(self) -> Option | None:
        """The place that an order uses unless the holder pins another."""
        return self.options[0] if self.options else None


@dataclass(frozen=True, slots=True)
class Board:
    """All offers by resource class, and the network between the places; made once, asked often."""

    offers: dict[str, tuple[Offer, ...]]
    network: Network


def board(offers: Iterable[Offer], network: Network) -> Board:
    """Give the board of some offers.

    Raises
    ------
    UnableToPlace
        When an offer's figures can't be meant, or a centre offers one class twice.
    """
    classes: dict[str, dict[str, Offer]] = {}
    for number, offer in enumerate(offers):
        check_offer(offer)
        same = classes.setdefault(offer.resource_class, {})
        if offer.centre in same or number >= OFFERS_MAX:
            twice = offer.centre in same
            raise UnableToPlace(
                "OFFER_TWICE" if twice else "TOO_MANY_OFFERS",
                f"{offer.centre}的{offer.resource_class}重复，请合并为一条" if twice else f"报价不得超过{OFFERS_MAX}条",
                f"{offer.centre} offers {offer.resource_class} twice; make it one offer"
                if twice
                else f"there are more than {OFFERS_MAX} offers",
                field="offers",
            )
        same[offer.centre] = offer
    return Board({key: tuple(same[centre] for centre in sorted(same)) for key, same in classes.items()}, network)


def quote(request: Request, board: Board, *, outer_saving: Fraction = Fraction(0)) -> Answer:
    """Price a request at every offer.

    Parameters
    ----------
    outer_saving
        The share of the score that an outer tier must save before it goes ahead of an inner one.

    Raises
    ------
    UnableToPlace
        When a figure of the request can't be meant.
    """
    check_request(request)
    offers = board.offers.get(request.resource_class)
    if offers is None:
        known = ", ".join(sorted(board.offers)) or "-"
        return Answer(
            options=(), turned=(), changes=(), reason=reason(Miss("RESOURCE_UNKNOWN", "resource_class", "", known))
        )
    options: list[Option] = []
    turned: list[Turned] = []
    for offer in offers:
        found = weigh(request, offer, board.network)
        if isinstance(found, Option):
            options.append(found)
        else:
            turned.append(found)
    changes = () if options else _changes(request, board.network, turned)
    return Answer(options=ranked(options, outer_saving), turned=tuple(turned), changes=changes)


def ranked(options: Sequence[Option], outer_saving: Fraction) -> tuple[Option, ...]:
    """Rank by score within a tier, and between tiers by the tier rule.

    From the innermost tier outwards the best so far gives way only to one that saves more than the share; the winner is
    taken out and the walk begins again for the next rank.
    """
    tiers: list[list[Option]] = [[] for _ in RANK]
    for option in sorted(options, key=lambda each: (each.score_fen, each.start_s, each.offer.centre), reverse=True):
        tiers[RANK[option.offer.tier]].append(option)
    keep, whole = outer_saving.denominator - outer_saving.numerator, outer_saving.denominator
    order: list[Option] = []
    while len(order) < len(options):
        best: list[Option] | None = None
        for tier in tiers:
            if tier and (best is None or tier[-1].score_fen * whole < best[-1].score_fen * keep):
                best = tier
        if best is None:
            break
        order.append(best.pop())
    return tuple(order)


def weigh(request: Request, offer: Offer, network: Network) -> Option | Turned:
    """Price one offer, or say every check that it fails.

    A check that fails is passed with the nearest value that would do, so that the others are judged for themselves.
    """
    centre = offer.centre
    misses = _misplaced(request, offer)
    route = _route(network, request.data_at, centre) if request.data_bytes else HERE
    if request.latency_to is not None:
        misses += _distant(request, centre, network)
    if request.data_bytes and (route is None or route.price_per_gb_ufen is None):
        misses.append(Miss("NO_ROUTE", "data_at", centre, centre))
        route = HERE
    units, duration_s = request.units, request.duration_s
    if units > offer.units_max:
        units = offer.units_max
        misses.append(Miss("TOO_MANY_UNITS", "units", centre, units))
    if duration_s > offer.time_limit_max_s:
        duration_s = offer.time_limit_max_s
        misses.append(Miss("TOO_LONG", "duration_s", centre, duration_s))
    return _timed(request, offer, route or HERE, (units, duration_s), misses)


def _timed(request: Request, offer: Offer, route: Route, size: tuple[int, int], misses: list[Miss]) -> Option | Turned:
    """Finish ``weigh``: the window, the price, and the checks that rest on them."""
    units, duration_s = size
    ready_s = request.earliest_s + route.transfer_s(request.data_bytes) + offer.queue_wait_s
    start_s = earliest_start(offer.free, units, duration_s, ready_s)
    if start_s is None:
        misses.append(Miss("NO_CAPACITY", "units", offer.centre, None))
        return Turned(offer, tuple(misses))
    end_s = start_s + duration_s
    if request.deadline_s is not None and end_s > request.deadline_s:
        misses.append(Miss("DEADLINE", "deadline_s", offer.centre, end_s))
    compute, movement = compute_fen(offer, units, duration_s), moving_fen(route, request.data_bytes)
    price = compute + movement
    if request.budget_fen is not None and price > request.budget_fen:
        misses.append(Miss("BUDGET", "budget_fen", offer.centre, price))
    if misses:
        return Turned(offer, tuple(misses))
    waiting = waiting_fen(start_s - request.earliest_s, request.wait_fen_per_hour)
    scarcity = scarcity_fen(offer.free, units, start_s, end_s)
    voucher = voucher_share(price, request.voucher_ratio)
    return Option(
        offer,
        start_s,
        end_s,
        compute,
        movement,
        waiting,
        scarcity,
        price,
        price + waiting + scarcity,
        voucher,
        price - voucher,
        _notes(request, offer, route),
    )


def _notes(request: Request, offer: Offer, route: Route) -> tuple[str, ...]:
    """Say which of the figures are not certain."""
    notes = []
    if offer.tariff.demo:
        notes.append("DEMO_PRICE")
    if offer.free is None:
        notes.append("CAPACITY_UNKNOWN")
    if request.data_bytes and route is not HERE and route.bandwidth_mbps is None:
        notes.append("BANDWIDTH_UNPUBLISHED")
    return tuple(notes)


def _route(network: Network, start: str | None, end: str) -> Route | None:
    return None if start is None else network.between(start, end)


def _misplaced(request: Request, offer: Offer) -> list[Miss]:
    """Check what the centre's place and name decide."""
    misses = []
    if request.suppliers is not None and offer.centre not in request.suppliers:
        misses.append(Miss("NOT_A_SUPPLIER", "suppliers", offer.centre, offer.centre))
    if request.residency is not None and RANK[offer.tier] > RANK[request.residency]:
        misses.append(Miss("RESIDENCY", "residency", offer.centre, offer.tier.value))
    return misses


def _distant(request: Request, centre: str, network: Network) -> list[Miss]:
    route = _route(network, request.latency_to, centre)
    if route is None or route.rtt_us is None:
        return [Miss("LATENCY_UNKNOWN", "latency_max_us", centre, None)]
    if request.latency_max_us is not None and route.rtt_us > request.latency_max_us:
        return [Miss("LATENCY", "latency_max_us", centre, route.rtt_us)]
    return []


def _changes(request: Request, network: Network, turned: Sequence[Turned]) -> tuple[Change, ...]:
    """Give, for each field that alone keeps some offer from serving, the least change of it."""
    alone: dict[str, list[Miss]] = {}
    for each in turned:
        if len({miss.field for miss in each.misses}) != 1:
            continue
        miss = each.misses[-1]
        if miss.code == "NO_CAPACITY":
            found = _fitting(request, network, each.offer)
            if found is None:
                continue
            miss = found
        alone.setdefault(miss.field, []).append(miss)
    return tuple(change(least(field, alone[field])) for field in ASKED_FIRST if field in alone)


def _fitting(request: Request, network: Network, offer: Offer) -> Miss | None:
    """Give how many units would find a window there; None when no number within deadline and budget does."""
    route = (_route(network, request.data_at, offer.centre) if request.data_bytes else HERE) or HERE
    ready_s = request.earliest_s + route.transfer_s(request.data_bytes) + offer.queue_wait_s
    free = offer.free
    if free is not None and request.deadline_s is not None:
        free = tuple(
            block._replace(end_s=min(block.end_s, request.deadline_s))
            for block in free
            if block.start_s < request.deadline_s
        )
    units = most_units(free, request.duration_s, ready_s, min(request.units, offer.units_max))
    if not units:
        return None
    price = compute_fen(offer, units, request.duration_s) + moving_fen(route, request.data_bytes)
    if request.budget_fen is not None and price > request.budget_fen:
        return None
    return Miss("NO_CAPACITY", "units", offer.centre, units)

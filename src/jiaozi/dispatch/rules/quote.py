"""A quote: one request against all offers, every feasible one priced and ranked, every other one with its reasons.

Score = compute + data movement + value of waiting + what the units are worth to others. Only the first two are money.

Cost: one pass in whole numbers, some 5 µs an offer; reasons are put into words only when somebody reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from jiaozi.dispatch.rules.board import RANK, Board, Stall, stall
from jiaozi.dispatch.rules.network import HERE, UFEN_BYTES, Network, Route, moving_fen
from jiaozi.dispatch.rules.price import S_PER_HOUR, compute_fen, scarcity_fen
from jiaozi.dispatch.rules.refusals import ASKED_FIRST, Change, Miss, change, least, reason
from jiaozi.dispatch.rules.request import Offer, Request, check_request
from jiaozi.dispatch.rules.window import earliest_start, most_units
from jiaozi.kernel.refusal import Reason


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
    stalls = board.stalls.get(request.resource_class)
    if stalls is None:
        known = ", ".join(sorted(board.stalls)) or "-"
        return Answer(
            options=(), turned=(), changes=(), reason=reason(Miss("RESOURCE_UNKNOWN", "resource_class", "", known))
        )
    options: list[Option] = []
    turned: list[Turned] = []
    ways = board.network.all_from(request.data_at)
    far = board.network.all_from(request.latency_to)
    for each in stalls:
        found = weigh(request, each, ways, far)
        if isinstance(found, Option):
            options.append(found)
        else:
            turned.append(found)
    changes = () if options else _changes(request, board.network, turned)
    return Answer(options=_wished_first(request, ranked(options, outer_saving)), turned=tuple(turned), changes=changes)


def _wished_first(request: Request, options: tuple[Option, ...]) -> tuple[Option, ...]:
    """Put the places of the tier that the holder would rather have first, each group in its order."""
    if request.tier is None:
        return options
    return tuple(sorted(options, key=lambda each: each.offer.tier is not request.tier))


def ranked(options: Sequence[Option], outer_saving: Fraction) -> tuple[Option, ...]:
    """Rank by score within a tier, and between tiers by the tier rule.

    From the innermost tier outwards the best so far gives way only to one that saves more than the share; the winner is
    taken out and the walk begins again for the next rank.
    """
    if not outer_saving:
        return tuple(
            sorted(options, key=lambda each: (each.score_fen, RANK[each.offer.tier], each.start_s, each.offer.centre))
        )
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


def weigh(request: Request, stall: Stall, ways: dict[str, Route], far: dict[str, Route]) -> Option | Turned:
    """Price one offer, or say every check that it fails; ``ways`` lead to the data, ``far`` to where latency counts.

    A check that fails is passed with the nearest value that would do, so that the others are judged for themselves.
    """
    offer, centre = stall.offer, stall.centre
    misses: list[Miss] = []
    if request.suppliers is not None and centre not in request.suppliers:
        misses.append(Miss("NOT_A_SUPPLIER", "suppliers", centre, centre))
    if request.residency is not None and stall.rank > RANK[request.residency]:
        misses.append(Miss("RESIDENCY", "residency", centre, offer.tier.value))
    if request.latency_to is not None:
        _check_latency(request, far.get(centre), centre, misses)
    route = HERE
    if request.moved_bytes:
        way = ways.get(centre)
        if way is None or way.price_per_gb_ufen is None:
            misses.append(Miss("NO_ROUTE", "data_at", centre, centre))
        else:
            route = way
    units, duration_s = request.units, request.duration_s
    if units > offer.units_max:
        units = offer.units_max
        misses.append(Miss("TOO_MANY_UNITS", "units", centre, units))
    if duration_s > offer.time_limit_max_s:
        duration_s = offer.time_limit_max_s
        misses.append(Miss("TOO_LONG", "duration_s", centre, duration_s))
    return _timed(request, stall, route, (units, duration_s), misses)


def _timed(request: Request, stall: Stall, route: Route, size: tuple[int, int], misses: list[Miss]) -> Option | Turned:
    """Finish ``weigh``: the window, the price, and the checks that rest on them."""
    offer, centre = stall.offer, stall.centre
    units, duration_s = size
    ready_s = request.earliest_s + offer.queue_wait_s
    movement = back_s = 0
    if request.moved_bytes:
        ready_s += route.transfer_s(request.data_bytes)
        back_s = route.transfer_s(request.result_bytes)
        movement = -(-(route.price_per_gb_ufen or 0) * request.moved_bytes // UFEN_BYTES)
    if units <= stall.level and stall.open_s <= ready_s and ready_s + duration_s <= stall.shut_s:
        start_s: int | None = ready_s
    else:
        start_s = earliest_start(offer.free, units, duration_s, ready_s)
    if start_s is None:
        misses.append(Miss("NO_CAPACITY", "units", centre, None))
        return Turned(offer, tuple(misses))
    if request.latest_start_s is not None and start_s > request.latest_start_s:
        misses.append(Miss("LATEST_START", "latest_start_s", centre, start_s))
    if request.deadline_s is not None and start_s + duration_s + back_s > request.deadline_s:
        misses.append(Miss("DEADLINE", "deadline_s", centre, start_s + duration_s + back_s))
    compute = compute_fen(stall, units, duration_s)
    if request.budget_fen is not None and compute + movement > request.budget_fen:
        misses.append(Miss("BUDGET", "budget_fen", centre, compute + movement))
    if misses:
        return Turned(offer, tuple(misses))
    notes = stall.notes
    if request.moved_bytes and route.bandwidth_mbps is None and route is not HERE:
        notes += ("BANDWIDTH_UNPUBLISHED",)
    return _option(request, stall, (start_s, start_s + duration_s), (compute, movement), notes)


def _option(
    request: Request, stall: Stall, window: tuple[int, int], parts: tuple[int, int], notes: tuple[str, ...]
) -> Option:
    """Put an option together: what ranks it, and who pays."""
    start_s, end_s = window
    compute, movement = parts
    waiting = -(-(start_s - request.earliest_s) * request.wait_fen_per_hour // S_PER_HOUR)
    scarcity = scarcity_fen(stall.offer.free, request.units, start_s, end_s) if stall.scarce else 0
    price, ratio = compute + movement, request.voucher_ratio
    voucher = compute * ratio.numerator // ratio.denominator if ratio else 0
    if movement and (ratio := request.movement_ratio):
        voucher += movement * ratio.numerator // ratio.denominator
    return Option(
        stall.offer,
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
        notes,
    )


def _check_latency(request: Request, route: Route | None, centre: str, misses: list[Miss]) -> None:
    if route is None or route.rtt_us is None:
        misses.append(Miss("LATENCY_UNKNOWN", "latency_max_us", centre, None))
    elif request.latency_max_us is not None and route.rtt_us > request.latency_max_us:
        misses.append(Miss("LATENCY", "latency_max_us", centre, route.rtt_us))


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
    route = (network.between(str(request.data_at), offer.centre) if request.moved_bytes else HERE) or HERE
    ready_s = request.earliest_s + route.transfer_s(request.data_bytes) + offer.queue_wait_s
    free = offer.free
    end_s = _last_end_s(request, route)
    if free is not None and end_s is not None:
        free = tuple(block._replace(end_s=min(block.end_s, end_s)) for block in free if block.start_s < end_s)
    units = most_units(free, request.duration_s, ready_s, min(request.units, offer.units_max))
    if not units:
        return None
    price = compute_fen(stall(offer), units, request.duration_s) + moving_fen(route, request.moved_bytes)
    if request.budget_fen is not None and price > request.budget_fen:
        return None
    return Miss("NO_CAPACITY", "units", offer.centre, units)


def _last_end_s(request: Request, route: Route) -> int | None:
    """Give when the run must be over at the latest; None where nobody said."""
    ends = []
    if request.deadline_s is not None:
        ends.append(request.deadline_s - route.transfer_s(request.result_bytes))
    if request.latest_start_s is not None:
        ends.append(request.latest_start_s + request.duration_s)
    return min(ends, default=None)

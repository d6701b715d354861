"""The board: all offers by resource class, made ready once, so that a quote costs few operations an offer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.rules.network import Network
from jiaozi.dispatch.rules.request import Offer, UnableToPlace, check_offer
from jiaozi.kernel.fen import UFEN_PER_FEN, Rounding

OFFERS_MAX = 2_000
RANK = {tier: rank for rank, tier in enumerate(Tier)}
"""How far out a tier is: 市内 0, 都市圈 1, 成渝 2, 国家枢纽 3."""

_PER = 3_600_000 * UFEN_PER_FEN
"""Unit-milliseconds times micro-fen an hour, for one fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """One offer with what a quote needs of it.

    The price of ``x`` unit-milliseconds is ``(x * times + plus) // per``, whichever way the tariff rounds.
    ``level`` units are free at any time from ``open_s`` to ``shut_s``.
    """

    offer: Offer
    centre: str
    rank: int
    times: int
    plus: int
    per: int
    level: int
    open_s: int
    shut_s: int
    scarce: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Stalls by resource class, in order of their centres, and the network between the places."""

    stalls: dict[str, tuple[Stall, ...]]
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
        if number >= OFFERS_MAX:
            raise UnableToPlace(
                "TOO_MANY_OFFERS",
                f"报价不得超过{OFFERS_MAX}条",
                f"there are more than {OFFERS_MAX} offers",
                field="offers",
            )
        same = classes.setdefault(offer.resource_class, {})
        if offer.centre in same:
            raise UnableToPlace(
                "OFFER_TWICE",
                f"{offer.centre}的{offer.resource_class}重复，请合并为一条",
                f"{offer.centre} offers {offer.resource_class} twice; make it one offer",
                field="offers",
            )
        same[offer.centre] = offer
    stalls = {key: tuple(stall(same[centre]) for centre in sorted(same)) for key, same in classes.items()}
    return Board(stalls, network)


def stall(offer: Offer) -> Stall:
    """Make an offer ready."""
    shared = gcd(offer.tariff.rate_ufen, _PER)
    rate, whole = offer.tariff.rate_ufen // shared, _PER // shared
    times, plus, per = {
        Rounding.DOWN: (rate, 0, whole),
        Rounding.HALF_UP: (2 * rate, whole, 2 * whole),
        Rounding.UP: (rate, whole - 1, whole),
    }[offer.tariff.rounding]
    level, open_s, shut_s = _level(offer)
    notes = [("DEMO_PRICE", offer.tariff.demo), ("CAPACITY_UNKNOWN", offer.free is None)]
    return Stall(
        offer=offer,
        centre=offer.centre,
        rank=RANK[offer.tier],
        times=times,
        plus=plus,
        per=per,
        level=level,
        open_s=open_s,
        shut_s=shut_s,
        scarce=any(block.shadow_ufen for block in offer.free or ()),
        notes=tuple(note for note, true in notes if true),
    )


def _level(offer: Offer) -> tuple[int, int, int]:
    """Give the units that are free throughout, from the first block to the last; -1 with a gap between them."""
    free = offer.free
    if free is None:
        return offer.units_max, 0, 2**62
    if not free or any(earlier.end_s != later.start_s for earlier, later in pairwise(free)):
        return -1, 0, 0
    return min(block.units for block in free), free[0].start_s, free[-1].end_s

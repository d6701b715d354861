"""Reading the board from the catalogue: what is offered now, at which price, and how the places are linked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import LinkProbe
from jiaozi.catalogue.models import Offer as OfferRow
from jiaozi.catalogue.rules import Grade, Tariff, Tier, UnableToPrice, tariff_for
from jiaozi.dispatch.rules.board import OFFERS_MAX, Board, board
from jiaozi.dispatch.rules.network import Network, Route, network
from jiaozi.dispatch.rules.quote import Answer, quote
from jiaozi.dispatch.rules.request import Offer, Request
from jiaozi.kernel.period import local_date
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import dispatch_terms
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.models import Voucher


def options_for(voucher: Voucher, asked: Request, now: datetime) -> Answer:
    """Give every place where a voucher's job could run, ranked by the programme's own tier rule, and those turned down.

    The voucher says which suppliers may be used, what part of the price it pays, and whose tariff holds.

    Raises
    ------
    UnableToPlace
        When a figure of the request can't be meant.
    UnableToDecide
        When the programme doesn't say at what share a voucher pays.
    """
    document, today = policy.document(voucher.version_id), local_date(now)
    terms = vouchers.terms(voucher, today)
    request = replace(
        asked,
        suppliers=None if terms.any_supplier else frozenset(terms.suppliers),
        voucher_ratio=terms.deducted,
        movement_ratio=terms.movement_deducted,
        holder=str(voucher.holder_id),
    )
    saving = Fraction(0)
    if document.programme.dispatch is not None:
        saving = dispatch_terms(document, today, allow_demo=voucher.version.demo).outer_saving
    return quote(request, board_at(now, customer_class=voucher.holder.holder_class), outer_saving=saving)


def board_at(now: datetime, *, customer_class: str) -> Board:
    """Give the board of every connected centre for one kind of customer, in four statements.

    An offer without a price that holds now is left out: nobody could say what it costs.
    """
    tariffs = catalogue.tariffs_at(now)
    rows = OfferRow.objects.select_related("centre").filter(enabled=True, centre__connected=True)[:OFFERS_MAX]
    offers = (_offer(row, tariffs, customer_class, now) for row in rows)
    return board((offer for offer in offers if offer is not None), network_now())


def movement_price_ufen(start: str, end: str) -> int | None:
    """Give the price in micro-fen of moving 10^9 bytes between two places now; None where none is known."""
    route = network_now().between(start, end)
    return route.price_per_gb_ufen if route else None


def network_now() -> Network:
    """Give the network in two statements: what a probe measured goes before what was published or modelled."""
    probes = {(probe.start_id, probe.end_id): probe for probe in LinkProbe.objects.all()[: catalogue.ROWS_MAX]}
    return network(_routes(probes))


def _routes(probes: dict[tuple[str, str], LinkProbe]) -> Iterator[tuple[str, str, Route]]:
    unlinked = dict(probes)
    for link in catalogue.links():
        probe = unlinked.pop((link.start_id, link.end_id), None)
        yield (
            link.start_id,
            link.end_id,
            Route(
                rtt_us=probe.rtt_us if probe else link.rtt_us,
                bandwidth_mbps=(probe and probe.bandwidth_mbps) or link.bandwidth_mbps,
                price_per_gb_ufen=link.price_per_gb_ufen,
                modelled=probe is None and link.grade == Grade.DEMO,
            ),
        )
    for (start, end), probe in unlinked.items():
        yield start, end, Route(rtt_us=probe.rtt_us, bandwidth_mbps=probe.bandwidth_mbps)


def _offer(row: OfferRow, tariffs: Iterable[Tariff], customer_class: str, now: datetime) -> Offer | None:
    centre = row.centre
    try:
        tariff = tariff_for(
            tariffs,
            centre=row.centre_id,
            resource_class=row.resource_class_id,
            customer_class=customer_class,
            at=now,
        )
    except UnableToPrice:
        return None
    return Offer(
        centre=row.centre_id,
        tier=Tier(centre.tier),
        resource_class=row.resource_class_id,
        tariff=tariff,
        units_max=row.units,
        time_limit_max_s=row.time_limit_max_s,
        engine_granularity_ms=centre.engine_granularity_ms or 1,
        kill_lag_ms=centre.kill_lag_ms or 0,
    )

"""Offers and requests for the dispatch tests."""

from datetime import UTC, datetime
from uuid import UUID

from jiaozi.catalogue.rules import Tariff, Tier, Unit
from jiaozi.dispatch.rules import Block, Offer, Request, Route, network

HOUR = 3_600
DAY = 24 * HOUR
FEN = 1_000_000


def tariff(centre="a", rate_fen=15, resource_class="cpu", **more):
    return Tariff(
        id=UUID(int=1),
        centre=centre,
        resource_class=resource_class,
        unit=Unit.CORE_HOUR,
        rate_ufen=rate_fen * FEN,
        valid_from=datetime(2013, 1, 1, tzinfo=UTC),
        version=1,
        **more,
    )


def offer(centre="a", tier=Tier.CITY, rate_fen=15, resource_class="cpu", **more):
    figures = {"units_max": 1_000, "time_limit_max_s": 7 * DAY, "free": (Block(0, 30 * DAY, 1_000),)}
    return Offer(
        centre=centre,
        tier=tier,
        resource_class=resource_class,
        tariff=more.pop("tariff", None) or tariff(centre, rate_fen, resource_class),
        **(figures | more),
    )


def request(**more):
    return Request(**({"id": "r", "resource_class": "cpu", "units": 10, "duration_s": HOUR} | more))


def linked(*links):
    return network((start, end, Route(**figures)) for start, end, figures in links)


NOWHERE = network(())

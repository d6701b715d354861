"""Finding the engines that keep leases."""

from __future__ import annotations

from collections.abc import Iterable

from jiaozi.catalogue.models import Centre
from jiaozi.lease.ports import LeaseKeeper
from jiaozi.order import services as order
from jiaozi.order.ports import UnableToReachEngine


def keeper_of(centre: Centre) -> LeaseKeeper | None:
    """Give a centre's engine if it keeps leases, else None; one that can't be asked now keeps none now."""
    try:
        engine = order.engine_of(centre)
    except UnableToReachEngine:
        return None
    return engine if isinstance(engine, LeaseKeeper) else None


def keepers(centres: Iterable[Centre]) -> list[Centre]:
    """Give those centres whose engines keep leases."""
    return [each for each in centres if keeper_of(each) is not None]

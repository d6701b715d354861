"""Reading the catalogue: one statement each, bounded lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from jiaozi.catalogue.models import Centre, Cluster, Hub, Link, LinkProbe, Offer, ResourceClass, TariffVersion
from jiaozi.catalogue.rules import Tariff, Tier, Unit
from jiaozi.kernel.fen import Rounding
from jiaozi.kernel.refusal import Refused

ROWS_MAX = 2_000
PRICES_SHOWN, PROBES_SHOWN = 200, 50


class UnableToFindCentre(Refused):
    """No centre has this id."""


def hubs() -> list[Hub]:
    """Give the hubs with their clusters, in two statements."""
    return list(Hub.objects.prefetch_related(Prefetch("clusters", Cluster.objects.order_by("id")))[:ROWS_MAX])


def centres(*, tier: Tier | None = None, connected: bool | None = None) -> list[Centre]:
    """Give the centres, their hub and cluster loaded."""
    rows = Centre.objects.select_related("hub", "cluster")
    if tier is not None:
        rows = rows.filter(tier=tier)
    if connected is not None:
        rows = rows.filter(connected=connected)
    return list(rows[:ROWS_MAX])


def centre(id: str) -> Centre:  # noqa: A002 - the column's own name
    """Give one centre.

    Raises
    ------
    UnableToFindCentre
        When there is none.
    """
    found = Centre.objects.select_related("hub", "cluster").filter(id=id).first()
    if found is None:
        raise UnableToFindCentre(
            "NO_SUCH_CENTRE",
            f"资源目录中没有算力中心{id!r}，请核对编号",
            f"the catalogue has no centre {id!r}; check the id",
            field="centre",
        )
    return found


def resource_classes() -> list[ResourceClass]:
    """Give every kind of compute."""
    return list(ResourceClass.objects.all()[:ROWS_MAX])


def offers_for(centre: str, *, with_disabled: bool = False) -> list[Offer]:
    """Give what a centre offers, the resource class loaded."""
    rows = Offer.objects.select_related("resource_class").filter(centre_id=centre)
    return list((rows if with_disabled else rows.filter(enabled=True))[:ROWS_MAX])


def offer(centre: str, resource_class: str) -> Offer | None:
    """Give one enabled offer, its centre and class loaded; None where there is none."""
    rows = Offer.objects.select_related("resource_class", "centre")
    return rows.filter(centre_id=centre, resource_class_id=resource_class, enabled=True).first()


def tariffs(*, centres: Iterable[str] | None = None) -> tuple[Tariff, ...]:
    """Give every version of every price, of some centres or of all, for ``rules.tariff_for``."""
    rows = TariffVersion.objects.all()
    if centres is not None:
        rows = rows.filter(centre_id__in=list(centres))
    return _tariffs(rows)


def tariffs_at(at: datetime, *, centre: str | None = None) -> tuple[Tariff, ...]:
    """Give the prices that hold at an instant."""
    rows = TariffVersion.objects.filter(Q(valid_until=None) | Q(valid_until__gt=at), valid_from__lte=at)
    return _tariffs(rows if centre is None else rows.filter(centre_id=centre))


def offers() -> list[Offer]:
    """Give what every centre offers, the resource class loaded, in one statement."""
    rows = Offer.objects.select_related("resource_class").filter(enabled=True)
    return list(rows.order_by("centre_id", "resource_class_id")[:ROWS_MAX])


def probes() -> list[LinkProbe]:
    """Give what the last probes of the network found, in one statement."""
    return list(LinkProbe.objects.all()[:ROWS_MAX])


def links() -> list[Link]:
    """Give the network's links."""
    return list(Link.objects.all()[:ROWS_MAX])


def price_list(centre: str, *, limit: int = PRICES_SHOWN) -> list[TariffVersion]:
    """Give a centre's price versions, their class loaded, the newest of each class and customer first."""
    rows = TariffVersion.objects.filter(centre_id=centre).select_related("resource_class")
    return list(rows.order_by("resource_class_id", "customer_class", "-version")[:limit])


def priced_at(tariff: UUID) -> str:
    """Give the centre of a price version, empty where there is none."""
    return TariffVersion.objects.filter(id=tariff).values_list("centre_id", flat=True).first() or ""


def probes_of(centre: str, *, limit: int = PROBES_SHOWN) -> list[LinkProbe]:
    """Give what the last probes of a centre's links found, both ends loaded, the latest first."""
    rows = LinkProbe.objects.filter(Q(start_id=centre) | Q(end_id=centre)).select_related("start", "end")
    return list(rows.order_by("-measured_at", "id")[:limit])


def tariff_of(row: TariffVersion) -> Tariff:
    """Give a row as the value that rules price with."""
    return Tariff(
        id=row.id,
        centre=row.centre_id,
        resource_class=row.resource_class_id,
        customer_class=row.customer_class,
        unit=Unit(row.unit),
        rate_ufen=row.rate_ufen,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        version=row.version,
        rounding=Rounding(row.rounding),
        minimum_fen=row.minimum_fen,
        granularity_ms=row.granularity_ms,
        source=row.source,
        demo=row.demo,
        author=row.author,
    )


def _tariffs(rows: QuerySet[TariffVersion, Any]) -> tuple[Tariff, ...]:
    found = [tariff_of(row) for row in rows[: ROWS_MAX + 1]]
    if len(found) > ROWS_MAX:
        raise ValueError(f"more than {ROWS_MAX} tariffs: ask for some centres only, for a cut list could miss a price")
    return tuple(found)

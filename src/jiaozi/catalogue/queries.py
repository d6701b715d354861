"""Reading the catalogue: one statement each, bounded lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from jiaozi.catalogue.models import Centre, Cluster, Hub, Link, LinkProbe, Offer, ResourceClass, TariffVersion
from jiaozi.catalogue.rules import Tariff, Tier, UnableToPrice, Unit
from jiaozi.kernel.fen import Rounding
from jiaozi.kernel.refusal import Refused

ROWS_MAX, TARIFFS_MAX = 2_000, 20_000
PRICES_SHOWN, PROBES_SHOWN = 200, 50
_SAME_KEY = {each: OuterRef(each) for each in ("centre_id", "resource_class_id", "customer_class")}


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


def tariffs_ahead(now: datetime, *, centre: str) -> tuple[Tariff, ...]:
    """Give a centre's prices that hold now or later, and the newest version of each whenever it held."""
    return _tariffs(TariffVersion.objects.filter(_ahead(now) | _newest(), centre_id=centre))


def tariffs_during(since: datetime, until: datetime, *, centre: str) -> tuple[Tariff, ...]:
    """Give a centre's prices that held at some instant from one to another, both included, and the newest of each."""
    held = Q(valid_from__lte=until) & (Q(valid_until=None) | Q(valid_until__gt=since))
    return _tariffs(TariffVersion.objects.filter(held | _newest(), centre_id=centre))


def tariffs_beside(listed: Sequence[Tariff], *, now: datetime) -> tuple[Tariff, ...]:
    """Give the published prices that a list may meet, in two statements.

    Those are: what holds now or later, the newest of each, those of the list, those that followed them, and whatever
    held when one of the list, not published yet, is said to have held.
    """
    ids = [each.id for each in listed]
    followed = TariffVersion.objects.filter(id__in=ids, valid_until=OuterRef("valid_from"), **_SAME_KEY)
    known = _tariffs(TariffVersion.objects.filter(_ahead(now) | _newest() | Q(id__in=ids) | Exists(followed)))
    names = {each.id for each in known}
    late = [_held_beside(each) for each in listed if each.id not in names and each.valid_from < now]
    if not late:
        return known
    met = TariffVersion.objects.filter(Q(*late, _connector=Q.OR)).exclude(id__in=names)
    return (*known, *(tariff_of(row) for row in met[:ROWS_MAX]))


def published_since(at: datetime, *, centre: str, resource_class: str, customer_class: str) -> int:
    """Count the versions of one price that were published since an instant."""
    rows = TariffVersion.objects.filter(
        centre_id=centre, resource_class_id=resource_class, customer_class=customer_class, published_at__gte=at
    )
    return rows.count()


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


def _ahead(now: datetime) -> Q:
    return Q(valid_until=None) | Q(valid_until__gt=now)


def _newest() -> Q:
    key = ("centre_id", "resource_class_id", "customer_class")
    return Q(id__in=TariffVersion.objects.order_by(*key, "-version").distinct(*key).values("id"))


def _held_beside(tariff: Tariff) -> Q:
    """Match what holds for the same key at some instant of a price."""
    centre, resource_class, customer_class = tariff.key
    same = Q(centre_id=centre, resource_class_id=resource_class, customer_class=customer_class)
    began = Q() if tariff.valid_until is None else Q(valid_from__lt=tariff.valid_until)
    return same & began & _ahead(tariff.valid_from)


def _tariffs(rows: QuerySet[TariffVersion, Any]) -> tuple[Tariff, ...]:
    found = [tariff_of(row) for row in rows[: TARIFFS_MAX + 1]]
    if len(found) > TARIFFS_MAX:
        # a cut list could miss a price
        raise UnableToPrice(
            "TARIFFS_TOO_MANY",
            f"所涉期间的价目超过{TARIFFS_MAX}个版本，请缩短期间，分次办理",
            f"more than {TARIFFS_MAX} price versions hold in this time; take a shorter time at once",
            field="at",
        )
    return tuple(found)

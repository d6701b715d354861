"""The catalogue's entries as rows, and putting only those that differ from what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from jiaozi.catalogue.models import Centre, Cluster, Hub, Link, Offer, ResourceClass, TariffVersion
from jiaozi.catalogue.rules import Catalogue, Grade, Tariff
from jiaozi.catalogue.rules.document import CentreEntry, LinkEntry, Name, Source

Row = TypeVar("Row", bound=Model)
_UNPUBLISHED = "unpublished"


def put(wanted: Iterable[Row], *, key: Sequence[str]) -> int:
    """Write the rows that are new or differ, in two statements at most; say how many."""
    rows = list(wanted)
    if not rows:
        return 0
    model = type(rows[0])
    columns = [field.attname for field in model._meta.concrete_fields if not field.primary_key or field.attname in key]  # noqa: SLF001 - Django documents _meta
    there = {tuple(row[name] for name in key): row for row in model._default_manager.values(*columns)}  # noqa: SLF001
    different = [
        row
        for row in rows
        if there.get(tuple(getattr(row, name) for name in key)) != {name: getattr(row, name) for name in columns}
    ]
    model._default_manager.bulk_create(  # noqa: SLF001
        different,
        update_conflicts=True,
        unique_fields=list(key),
        update_fields=[name for name in columns if name not in key],
    )
    return len(different)


def hubs(catalogue: Catalogue) -> list[Hub]:
    """Give the hubs' rows."""
    return [Hub(id=each.id, **_named(each.name), **_sourced(each.source)) for each in catalogue.hubs]


def clusters(catalogue: Catalogue) -> list[Cluster]:
    """Give the clusters' rows."""
    return [
        Cluster(id=each.id, hub_id=each.hub, **_named(each.name), **_sourced(each.source))
        for each in catalogue.clusters
    ]


def centres(catalogue: Catalogue, *, demo: bool) -> list[Centre]:
    """Give the centres' rows; an engine that exists only in a demo is left out elsewhere."""
    return [_centre(each, demo=demo) for each in catalogue.centres]


def _centre(entry: CentreEntry, *, demo: bool) -> Centre:
    engine = entry.engine if entry.engine and (demo or not entry.engine.demo) else None
    figures = [] if isinstance(entry.capacity, str) else [each.model_dump(mode="json") for each in entry.capacity]
    return Centre(
        id=entry.id,
        **_named(entry.name),
        tier=entry.tier.value,
        kind=entry.kind.value,
        city_zh=entry.city.zh,
        city_en=entry.city.en,
        longitude_e4=entry.at.east_e4 if entry.at else None,
        latitude_e4=entry.at.north_e4 if entry.at else None,
        hub_id=entry.hub,
        cluster_id=entry.cluster,
        operator="" if entry.operator == _UNPUBLISHED else entry.operator,
        connected=engine is not None,
        engine=engine.name if engine else "",
        engine_options=dict(engine.options) if engine else {},
        engine_granularity_ms=engine.granularity_ms if engine else None,
        kill_lag_ms=engine.kill_lag_ms if engine else None,
        figures=figures,
        **_sourced(entry.source) | {"demo": engine is not None and engine.demo},
    )


def resource_classes(catalogue: Catalogue) -> list[ResourceClass]:
    """Give the resource classes' rows."""
    return [
        ResourceClass(
            code=each.code,
            **_named(each.name),
            kind=each.kind.value,
            unit=each.unit.value,
            card_model=each.card_model or "",
            memory_gb=each.memory_gb,
            **_sourced(each.source),
        )
        for each in catalogue.resources
    ]


def offers(catalogue: Catalogue, *, demo: bool) -> list[Offer]:
    """Give the offers' rows."""
    return [
        Offer(
            centre_id=each.centre,
            resource_class_id=each.resource,
            units=each.units,
            time_limit_max_s=each.time_limit_max_s,
            enabled=each.enabled,
            **_sourced(each.source),
        )
        for each in catalogue.offers
        if demo or each.source.grade is not Grade.DEMO
    ]


def links(catalogue: Catalogue, *, demo: bool) -> list[Link]:
    """Give the links' rows, one for each pair, the smaller id first."""
    return [row for each in catalogue.links for row in _pairs(each, demo=demo)]


def _pairs(entry: LinkEntry, *, demo: bool) -> Iterator[Link]:
    price = entry.price_per_gb.ufen(demo=demo)
    for one in entry.starts:
        for other in entry.ends:
            start, end = sorted((one, other))
            yield Link(
                start_id=start,
                end_id=end,
                rtt_us=None if isinstance(entry.rtt_us, str) else entry.rtt_us,
                bandwidth_mbps=None if isinstance(entry.bandwidth_mbps, str) else entry.bandwidth_mbps,
                price_per_gb_ufen=price,
                **_sourced(entry.source) | {"demo": price is not None and entry.price_per_gb.unpublished},
            )


def tariff(each: Tariff, *, grade: Grade, now: Any) -> TariffVersion:
    """Give a new tariff's row."""
    return TariffVersion(
        id=each.id,
        centre_id=each.centre,
        resource_class_id=each.resource_class,
        customer_class=each.customer_class,
        version=each.version,
        unit=each.unit.value,
        rate_ufen=each.rate_ufen,
        valid_from=each.valid_from,
        valid_until=each.valid_until,
        rounding=each.rounding.value,
        minimum_fen=each.minimum_fen,
        granularity_ms=each.granularity_ms,
        source=each.source,
        grade=grade.value,
        demo=each.demo,
        author=each.author,
        published_at=now,
    )


def stated(each: Tariff) -> dict[str, Any]:
    """Give what the journal says of a price: all that money depends on."""
    return {
        "id": str(each.id),
        "key": list(each.key),
        "rate_ufen": each.rate_ufen,
        "valid_from": each.valid_from.isoformat(),
        "valid_until": each.valid_until.isoformat() if each.valid_until else None,
        "version": each.version,
    }


def one_at_a_time() -> None:
    """Let one transaction at a time change prices."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('catalogue.load', 0))")


def _named(name: Name) -> dict[str, str]:
    return {"name_zh": name.zh, "name_en": name.en}


def _sourced(source: Source) -> dict[str, Any]:
    return {"source": source.ref, "grade": source.grade.value, "demo": source.grade is Grade.DEMO}

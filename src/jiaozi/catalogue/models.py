"""Hubs, clusters, centres, resource classes, offers, tariffs and links; every figure with its source or marked demo.

Tariffs are guarded in the database (``sql/tariff.sql``): no two prices at once, no edit, no deletion.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.catalogue.rules import CentreKind, Grade, ResourceKind, Tier, Unit
from jiaozi.kernel.fen import Rounding

_CODE_MAX = 40
_NAME_MAX = 80
_SOURCE_MAX = 300


def _names(kinds: type[Tier | CentreKind | Unit]) -> list[tuple[str, str]]:
    return [(each.value, str(each.label)) for each in kinds]


class Sourced(models.Model):
    """What every row of the catalogue says about where it comes from."""

    source = models.CharField(max_length=_SOURCE_MAX)
    grade = models.CharField(max_length=4, choices=[(each.value, each.value) for each in Grade])
    demo = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Hub(Sourced):
    """A national hub of the compute network (国家枢纽节点)."""

    id = models.CharField(primary_key=True, max_length=_CODE_MAX)
    name_zh = models.CharField(max_length=_NAME_MAX)
    name_en = models.CharField(max_length=_NAME_MAX)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name_zh


class Cluster(Sourced):
    """A national data-centre cluster (数据中心集群) of a hub."""

    id = models.CharField(primary_key=True, max_length=_CODE_MAX)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="clusters")
    name_zh = models.CharField(max_length=_NAME_MAX)
    name_en = models.CharField(max_length=_NAME_MAX)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name_zh


class Centre(Sourced):
    """A compute centre, or a site that has none listed.

    ``engine`` is a name in the settings, empty where none is connected.

    ``longitude_e4`` and ``latitude_e4`` say roughly where the city lies, in ten-thousandths of a degree.

    ``figures`` holds published figures as text with their sources; what isn't there is not published.
    """

    id = models.CharField(primary_key=True, max_length=_CODE_MAX)
    name_zh = models.CharField(max_length=_NAME_MAX)
    name_en = models.CharField(max_length=_NAME_MAX)
    tier = models.CharField(max_length=10, choices=_names(Tier))
    kind = models.CharField(max_length=12, choices=_names(CentreKind))
    city_zh = models.CharField(max_length=_NAME_MAX)
    city_en = models.CharField(max_length=_NAME_MAX)
    longitude_e4 = models.IntegerField(null=True)
    latitude_e4 = models.IntegerField(null=True)
    hub = models.ForeignKey(Hub, on_delete=models.PROTECT, related_name="centres")
    cluster = models.ForeignKey(Cluster, null=True, on_delete=models.PROTECT, related_name="centres")
    operator = models.CharField(max_length=_NAME_MAX, blank=True)
    connected = models.BooleanField(default=False)
    engine = models.CharField(max_length=_CODE_MAX, blank=True)
    engine_options = models.JSONField(default=dict)
    engine_granularity_ms = models.IntegerField(null=True)
    kill_lag_ms = models.IntegerField(null=True)
    figures = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="centre_tier_known", condition=Q(tier__in=list(Tier))),
            models.CheckConstraint(name="centre_kind_known", condition=Q(kind__in=list(CentreKind))),
            models.CheckConstraint(
                name="centre_connected_by_an_engine",
                condition=Q(connected=False, engine="")
                # "not null" said as well, for a CHECK lets a comparison with NULL pass
                | (
                    Q(connected=True, engine_granularity_ms__isnull=False, kill_lag_ms__isnull=False)
                    & Q(engine_granularity_ms__gte=1, kill_lag_ms__gte=0)
                    & ~Q(engine="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh


class ResourceClass(Sourced):
    """A kind of compute that is sold by one unit."""

    code = models.CharField(primary_key=True, max_length=_CODE_MAX)
    name_zh = models.CharField(max_length=_NAME_MAX)
    name_en = models.CharField(max_length=_NAME_MAX)
    kind = models.CharField(max_length=8, choices=[(each.value, each.value) for each in ResourceKind])
    unit = models.CharField(max_length=12, choices=_names(Unit))
    card_model = models.CharField(max_length=_NAME_MAX, blank=True)
    memory_gb = models.IntegerField(null=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="resource_counted_by_its_unit",
                condition=Q(kind=ResourceKind.CPU, unit=Unit.CORE_HOUR)
                | Q(kind=ResourceKind.CARD, unit=Unit.CARD_HOUR)
                | Q(kind=ResourceKind.NODE, unit=Unit.NODE_HOUR),
            )
        ]

    def __str__(self) -> str:
        return self.name_zh


class Offer(Sourced):
    """What a centre offers of a class: how many units, and for how long at most."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="offers")
    resource_class = models.ForeignKey(ResourceClass, on_delete=models.PROTECT, related_name="offers")
    units = models.IntegerField()
    time_limit_max_s = models.IntegerField()
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["centre_id", "resource_class_id"]
        constraints = [
            models.UniqueConstraint(name="offer_once", fields=["centre", "resource_class"]),
            models.CheckConstraint(name="offer_of_something", condition=Q(units__gte=1, time_limit_max_s__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.resource_class_id}"


class TariffVersion(Sourced):
    """One version of a price; immutable but for the end that a later version gives it."""

    id = models.UUIDField(primary_key=True)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="tariffs")
    resource_class = models.ForeignKey(ResourceClass, on_delete=models.PROTECT, related_name="tariffs")
    customer_class = models.CharField(max_length=20, blank=True)
    version = models.IntegerField()
    unit = models.CharField(max_length=12, choices=_names(Unit))
    rate_ufen = models.BigIntegerField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    rounding = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Rounding])
    minimum_fen = models.BigIntegerField(default=0)
    granularity_ms = models.IntegerField()
    author = models.CharField(max_length=_NAME_MAX)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["centre_id", "resource_class_id", "customer_class", "version"]
        constraints = [
            models.UniqueConstraint(
                name="tariff_version_once", fields=["centre", "resource_class", "customer_class", "version"]
            ),
            models.CheckConstraint(
                name="tariff_amounts",
                condition=Q(rate_ufen__gte=0, minimum_fen__gte=0, granularity_ms__gte=1, version__gte=1),
            ),
            models.CheckConstraint(
                name="tariff_ends_after_it_begins", condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from"))
            ),
            models.CheckConstraint(name="tariff_rounding_known", condition=Q(rounding__in=list(Rounding))),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.resource_class_id} {self.customer_class} v{self.version}"


class Link(Sourced):
    """The network between two centres, the same in both directions; an empty figure is not published."""

    start = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="links_out")
    end = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="links_in")
    rtt_us = models.IntegerField(null=True)
    bandwidth_mbps = models.IntegerField(null=True)
    price_per_gb_ufen = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["start_id", "end_id"]
        constraints = [
            models.UniqueConstraint(name="link_once", fields=["start", "end"]),
            models.CheckConstraint(name="link_in_order", condition=Q(start_id__lt=F("end_id"))),
            models.CheckConstraint(
                name="link_figures",
                condition=(Q(rtt_us=None) | Q(rtt_us__gte=0))
                & (Q(bandwidth_mbps=None) | Q(bandwidth_mbps__gte=1))
                & (Q(price_per_gb_ufen=None) | Q(price_per_gb_ufen__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_id} - {self.end_id}"


class LinkProbe(models.Model):
    """What the last probe between two centres found; what was published stays in ``Link``."""

    start = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="probes_out")
    end = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="probes_in")
    rtt_us = models.IntegerField()
    rtt_least_us = models.IntegerField()
    bandwidth_mbps = models.IntegerField(null=True)
    echoes = models.IntegerField()
    measured_at = models.DateTimeField()
    by = models.CharField(max_length=_NAME_MAX)

    class Meta:
        ordering = ["start_id", "end_id"]
        constraints = [
            models.UniqueConstraint(name="link_probe_once", fields=["start", "end"]),
            models.CheckConstraint(name="link_probe_in_order", condition=Q(start_id__lt=F("end_id"))),
            models.CheckConstraint(
                name="link_probe_figures",
                condition=Q(rtt_least_us__gte=1, rtt_us__gte=F("rtt_least_us"), echoes__gte=1)
                & (Q(bandwidth_mbps=None) | Q(bandwidth_mbps__gte=1)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_id} - {self.end_id}: {self.rtt_us} µs"

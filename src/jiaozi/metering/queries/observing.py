"""Reading what is claimed and what was seen of it: the watch's instants, the samples that a centre offered."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from jiaozi.metering.models import UsageSamples
from jiaozi.metering.rules.samples import Metric, Series

_SQL = Path(__file__).resolve().parent.parent / "sql"
CLAIMS_MAX = 100_000
DEVICES_MAX = 500_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What a capture charges for, an order with its corrections as a whole; ``watched_unit_ms`` None if unwatched."""

    capture_id: UUID
    centre: str
    record_id: str
    kind: str
    units: int
    elapsed_ms: int
    unit_ms: int
    watched_unit_ms: int | None


@dataclass(frozen=True, slots=True)
class DeviceDay:
    """What is kept of one device of a capture's job on one day."""

    capture_id: UUID
    metric: str
    count: int
    first_slot: int
    last_slot: int
    sum_permille: int


def claims(captures: Collection[UUID], *, apart_least_ms: int, sampled: Collection[UUID]) -> list[Claim]:
    """Give the claims that are further from the watch than this, and all that have samples."""
    words: dict[str, Any] = {
        "captures": list(captures),
        "apart": apart_least_ms,
        "sampled": list(sampled),
        "most": CLAIMS_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "claims.sql").read_text(encoding="utf-8"), words)
        return [Claim(*row) for row in cursor.fetchall()]


def devices_seen(captures: Collection[UUID]) -> list[DeviceDay]:
    """Give what is kept of the devices of captures' jobs, by metric, day and device."""
    words: dict[str, Any] = {"captures": list(captures), "most": DEVICES_MAX}
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "devices_seen.sql").read_text(encoding="utf-8"), words)
        return [DeviceDay(*row) for row in cursor.fetchall()]


def kept_slots(centre: str, series: Iterable[Series]) -> dict[Series, set[int]]:
    """Give the slots that have their sample already, by series."""
    wanted = set(series)
    rows = UsageSamples.objects.filter(
        centre_id=centre, day__in={each.day for each in wanted}, reference__in={each.reference for each in wanted}
    )
    found: dict[Series, set[int]] = {}
    for day, reference, metric, device, slots in rows.values_list("day", "reference", "metric", "device", "slots"):
        found.setdefault(Series(day, reference, Metric(metric), device), set()).update(slots)
    return found


def series_a_day(centre: str, days: Collection[date]) -> dict[date, set[Series]]:
    """Give the series that a centre's days have."""
    rows = UsageSamples.objects.filter(centre_id=centre, day__in=list(days)).distinct()
    found: dict[date, set[Series]] = {}
    for day, reference, metric, device in rows.values_list("day", "reference", "metric", "device"):
        found.setdefault(day, set()).add(Series(day, reference, Metric(metric), device))
    return found

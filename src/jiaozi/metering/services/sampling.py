"""Taking samples in: each device's slot once, whatever the order, split and repetition of the files; never edited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.metering import queries
from jiaozi.metering.models import UsageSamples
from jiaozi.metering.rules import admitting, samples
from jiaozi.metering.rules.entry import BadLine
from jiaozi.metering.rules.samples import Series
from jiaozi.metering.services.files import table_text
from jiaozi.metering.services.receiving import one_at_a_time
from jiaozi.party.rules import Actor


@dataclass(frozen=True, slots=True)
class SamplesTaken:
    """What a file of samples brought: samples in it, those that are new, the rows that they became, bad lines."""

    samples: int
    new: int
    rows: int
    bad: list[BadLine] = field(default_factory=list)


def import_samples(
    *, path: Path, centre: str, by: Actor, now: datetime, encoding: str = "utf-8", skip_bad: bool = False
) -> SamplesTaken:  # fmt: skip
    """Keep the samples of a file that are not kept yet; nothing is charged or refused by them here.

    Raises
    ------
    UnableToImport
        When the actor may not, the file is missing, broken or too large, a line is no sample, or a day is full:
        nothing is stored then.
    """
    admitting.check_import(by, centre, "")
    catalogue.centre(centre)
    found = samples.read(table_text(path, encoding), now)
    if found.bad and not skip_bad:
        raise admitting.UnableToReadTrace(found.bad)
    with transaction.atomic():
        one_at_a_time(centre)
        new = samples.fresh(found.series, queries.kept_slots(centre, found.series))
        there = queries.series_a_day(centre, {series.day for series in new})
        samples.check_bound({day: len(there.get(day, set()) | _of(day, new)) for day in {each.day for each in new}})
        rows = _store(centre, new, by, now)
    return SamplesTaken(found.samples, sum(row.count for row in rows), len(rows), found.bad)


def _of(day: object, new: Mapping[Series, Mapping[int, int]]) -> set[Series]:
    return {series for series in new if series.day == day}


def _store(centre: str, new: Mapping[Series, Mapping[int, int]], by: Actor, now: datetime) -> list[UsageSamples]:
    batch = new_id()
    rows = [
        UsageSamples(
            id=new_id(),
            centre_id=centre,
            day=series.day,
            reference=series.reference,
            metric=series.metric,
            device=series.device,
            slots=list(values),
            values=list(values.values()),
            count=len(values),
            sum_permille=sum(values.values()),
            first_slot=min(values),
            last_slot=max(values),
            received_at=now,
            batch=batch,
        )
        for series, values in new.items()
    ]
    UsageSamples.objects.bulk_create(rows, batch_size=500)
    if rows:
        content = [[str(row.day), row.reference, row.metric, row.device, row.slots, row.values] for row in rows]
        body = {
            "centre": centre,
            "days": dict(sorted(Counter(str(row.day) for row in rows).items())),
            "digest": digest(content).hex(),
            "rows": len(rows),
            "samples": sum(row.count for row in rows),
            "sum_permille": sum(row.sum_permille for row in rows),
        }
        journal.write(Line("metering", "samples", batch, "", "", by.name, now, body))
    return rows

"""Keeping what a probe found: the last figures of a link, with their time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jiaozi.catalogue import queries
from jiaozi.catalogue.models import LinkProbe
from jiaozi.catalogue.rules.probing import Measured, check_probe
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id
from jiaozi.party.rules import Actor


def record_probe(*, start: str, end: str, measured: Measured, by: Actor, now: datetime) -> bool:
    """Keep the figures if they are the link's newest; say whether they are.

    Raises
    ------
    UnableToProbe
        When they can't be true or the actor may not record them.
    UnableToFindCentre
        When an end is no centre of the catalogue.
    """
    one, other = check_probe(by, start, end, measured)
    for centre in (one, other):
        queries.centre(centre)
    figures = {
        "rtt_us": measured.rtt_us,
        "rtt_least_us": measured.rtt_least_us,
        "bandwidth_mbps": measured.bandwidth_mbps,
        "echoes": measured.echoes,
    }
    with transaction.atomic():
        row, made = LinkProbe.objects.select_for_update(no_key=True).get_or_create(
            start_id=one, end_id=other, defaults={**figures, "measured_at": now, "by": by.name}
        )
        if not made:
            if row.measured_at >= now:
                return False
            LinkProbe.objects.filter(id=row.id).update(**figures, measured_at=now, by=by.name)
        body = {"end": other, "start": one} | {name: value for name, value in figures.items() if value is not None}
        journal.write(Line("catalogue", "record_probe", named_id("link", one, other), "", "", by.name, now, body))
    return True

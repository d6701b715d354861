"""Publishing a centre's own price: shown before, then a new version and the end of the one before, or nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jiaozi.catalogue import queries, rules
from jiaozi.catalogue.models import TariffVersion
from jiaozi.catalogue.rules import Grade, Proposal, Repricing, Unit
from jiaozi.catalogue.services import rows
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.party.rules import Actor


def preview_tariff(*, wanted: Proposal, by: Actor, now: datetime, demo: bool) -> Repricing:
    """Give what publishing a price would do; nothing is written. Four statements.

    Raises
    ------
    UnableToPublish, UnableToActForCentre, UnableToFindCentre
        As publishing it would.
    """
    rules.check_publisher(by, wanted.centre)
    queries.centre(wanted.centre)
    offer = queries.offer(wanted.centre, wanted.resource_class)
    unit = Unit(offer.resource_class.unit) if offer else None
    published = queries.tariffs_ahead(now, centre=wanted.centre)
    today = queries.published_since(
        start_of_day(local_date(now)),
        centre=wanted.centre,
        resource_class=wanted.resource_class,
        customer_class=wanted.customer_class,
    )
    return rules.reprice(published, wanted, unit=unit, by=by.name, demo=demo, now=now, today=today)


def publish_tariff(*, wanted: Proposal, by: Actor, now: datetime, demo: bool) -> Repricing:
    """Publish a centre's new price: a version that is never edited, from a day on or at once.

    What was quoted, held or runs keeps the version that it was quoted by. ``demo`` says whether the service is a
    demonstration: then the price is a demo value.

    Raises
    ------
    UnableToPublish
        When it is not the actor's to price, is not offered, or overlaps with, or leaves a gap after, what is published.
    UnableToActForCentre, UnableToFindCentre
        When the centre is another's, or none.
    """
    with transaction.atomic():
        rows.one_at_a_time()
        change = preview_tariff(wanted=wanted, by=by, now=now, demo=demo)
        added, before = change.added, change.before
        if before is not None and change.ends:
            TariffVersion.objects.filter(id=before.id).update(valid_until=added.valid_from)
        rows.tariff(added, grade=Grade.DEMO if demo else Grade.OWN, now=now).save(force_insert=True)
        body = {"demo": demo, "tariff": rows.stated(added), "ends": str(before.id) if before and change.ends else None}
        journal.write(Line("catalogue", "publish_tariff", added.id, "", "", by.name, now, body))
    return change

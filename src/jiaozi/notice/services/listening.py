"""Keeping webhooks: adding one, ending one, giving its secret to its owner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.notice import queries, rules
from jiaozi.notice.models import Webhook
from jiaozi.party.rules import Actor

_START = (
    "INSERT INTO notice_cursor (id, transaction, line) VALUES (1, pg_snapshot_xmin(pg_current_snapshot())::text, %s)"
    " ON CONFLICT (id) DO NOTHING"
)


@transaction.atomic
def add_webhook(*, url: str, events: Sequence[str], by: Actor, now: datetime) -> Webhook:
    """Have an address told what happens to the actor's place from now on.

    Raises
    ------
    UnableToListen
        When the address or an event is wrong, there are too many, or the actor may not.
    """
    place = rules.place_of(by)
    checked = rules.check_url(url, allow_private=settings.JIAOZI_WEBHOOKS_TO_PRIVATE_ADDRESSES)
    wanted = rules.check_events(events)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"notice.webhooks:{place}"])
        cursor.execute(_START, [UUID(int=0)])
    rules.check_count(queries.live_count(place))
    row = Webhook.objects.create(
        id=new_id(),
        organisation_id=place.organisation,
        centre=place.centre,
        programme=place.programme,
        url=checked,
        events=wanted,
        created_by=by.name,
        created_at=now,
    )
    body = {"events": wanted, "url": digest(checked).hex()}
    journal.write(Line("notice", "add_webhook", row.id, "", "LISTENING", by.name, now, body))
    return row


@transaction.atomic
def end_webhook(*, webhook_id: UUID, by: Actor, now: datetime) -> Webhook:
    """Tell an address nothing any more; the same again changes nothing."""
    row = queries.webhook(webhook_id, rules.place_of(by), lock=True)
    if row.ended_at is None:
        end(row, by.name, now)
    return row


def end(row: Webhook, by: str, now: datetime) -> None:
    """End a locked webhook, by a person or by the house that waited long enough for it."""
    row.ended_at, row.ended_by = now, by
    row.save(update_fields=["ended_at", "ended_by"])
    journal.write(Line("notice", "end_webhook", row.id, "LISTENING", "ENDED", by, now, {}))


def secret(webhook_id: UUID, *, by: Actor) -> str:
    """Give a webhook's secret to whoever may set it up."""
    row = queries.webhook(webhook_id, rules.place_of(by))
    return rules.secret_of(settings.SECRET_KEY.encode(), row.id, row.generation)

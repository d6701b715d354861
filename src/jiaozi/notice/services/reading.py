"""Reading the journal by its cursor: each line becomes a message to every webhook that hears it, once."""

from __future__ import annotations

import json
from datetime import datetime

from django.db import transaction

from jiaozi.kernel.ids import new_id
from jiaozi.notice import queries, rules
from jiaozi.notice.models import Delivery, JournalCursor, Webhook
from jiaozi.notice.queries import Told
from jiaozi.notice.rules import DeliveryState, Place


@transaction.atomic
def read_journal(*, now: datetime) -> int:
    """Make messages of the next thousand lines; gives how many. Cost: nine statements, whatever there is to tell."""
    cursor = JournalCursor.objects.select_for_update(no_key=True).filter(id=JournalCursor.WEBHOOKS).first()
    if cursor is None:
        return 0
    lines = queries.lines_after(cursor)
    if not lines:
        return 0
    heard = [line for line in lines if line.stage in rules.STAGES]
    found, listening = queries.things(heard), queries.listening()
    made = [
        _delivery(webhook, line, now)
        for line in heard
        if (thing := found.get(line.subject)) is not None
        for webhook in listening
        if line.at >= webhook.created_at
        and rules.wants(webhook.events, line.event)
        and Place(webhook.organisation_id, webhook.centre, webhook.programme).hears(thing)
    ]
    Delivery.objects.bulk_create(made, ignore_conflicts=True, batch_size=1_000)
    cursor.transaction, cursor.line = lines[-1].transaction, lines[-1].id
    cursor.save(update_fields=["transaction", "line"])
    return len(made)


def _delivery(webhook: Webhook, line: Told, now: datetime) -> Delivery:
    data = {"after": line.after, "before": line.before, "id": str(line.subject), "line": str(line.id)}
    body = {"type": line.event, "timestamp": line.at.isoformat(), "data": data}
    return Delivery(
        id=new_id(),
        webhook=webhook,
        line=line.id,
        event=line.event,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        state=DeliveryState.WAITING,
        next_at=now,
        created_at=now,
    )

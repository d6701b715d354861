"""Telling people: the journal read by a cursor of its own, each line that is told put before those whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from jiaozi.kernel.ids import new_id
from jiaozi.notice import queries, rules
from jiaozi.notice.models import Delivery, JournalCursor, Notification, Preference
from jiaozi.notice.queries import Told
from jiaozi.notice.rules import Choice, DeliveryState, MailState, Recipient, Topic, UnableToChoose

GATHERED_FOR = timedelta(minutes=1)
"""A mail waits so long for others that go with it."""
KEPT_FOR = timedelta(days=180)
"""What was told is forgotten after so long; the journal keeps what happened."""
_FORGOTTEN_AT_ONCE = 10_000
_START = (
    "INSERT INTO notice_cursor (id, transaction, line) VALUES (2, pg_snapshot_xmin(pg_current_snapshot())::text, %s)"
    " ON CONFLICT (id) DO NOTHING"
)


@transaction.atomic
def tell_people(*, now: datetime) -> int:
    """Tell the next thousand lines; gives how many notifications they came to.

    Cost: twelve statements, whatever there is to tell. Nothing that happened before the first call is told.
    """
    cursor = JournalCursor.objects.select_for_update(no_key=True).filter(id=JournalCursor.PEOPLE).first()
    if cursor is None:
        with connection.cursor() as writer:
            writer.execute(_START, [UUID(int=0)])
        return 0
    lines = queries.lines_after(cursor)
    if not lines:
        return 0
    made = _notifications([line for line in lines if line.event in rules.TOLD], now)
    Notification.objects.bulk_create(made, ignore_conflicts=True, batch_size=1_000)
    cursor.transaction, cursor.line = lines[-1].transaction, lines[-1].id
    cursor.save(update_fields=["transaction", "line"])
    return len(made)


def _notifications(told: Sequence[Told], now: datetime) -> list[Notification]:
    things = queries.things(told)
    people = queries.recipients(things, rules.audience_of(line.event for line in told), now=now) if things else []
    kept = queries.kept_choices({each.person for each in people}) if people else {}
    return [
        row
        for line in told
        if line.subject in things
        for person in _once(people, line, things)
        if (row := _notification(line, things[line.subject].kind, person, kept.get(person, {}), now)) is not None
    ]


def _once(people: Iterable[Recipient], line: Told, things: Mapping[UUID, rules.Thing]) -> list[UUID]:
    """Give those who hear of a line, each once, by whichever of their memberships."""
    heard = (each.person for each in people if rules.hears(each, line.event, things[line.subject], by=line.by))
    return list(dict.fromkeys(heard))


def _notification(
    line: Told, kind: str, person: UUID, kept: Mapping[str, tuple[bool, bool]], now: datetime
) -> Notification | None:
    """Make one; None where the person chose to hear nothing of its topic."""
    choice = rules.chosen(kept, rules.TOLD[line.event].topic)
    if not choice.shown and not choice.mailed:
        return None
    return Notification(
        id=new_id(),
        person_id=person,
        line=line.id,
        event=line.event,
        topic=choice.topic,
        kind=kind,
        subject=line.subject,
        at=line.at,
        shown=choice.shown,
        mail=MailState.WAITING if choice.mailed else MailState.NONE,
        mail_at=now + GATHERED_FOR if choice.mailed else None,
    )


def read(*, person: UUID, now: datetime, up_to: UUID | None = None) -> int:
    """Note that a person has read everything, or one and what came before it; gives how many that were."""
    rows = Notification.objects.filter(person_id=person, read_at__isnull=True)
    return (rows.filter(id__lte=up_to) if up_to else rows).update(read_at=now)


def open_one(*, notification_id: UUID, person: UUID, now: datetime) -> Notification:
    """Give one notification of a person, and note that it was read."""
    row = queries.notification(notification_id, person)
    if row.read_at is None:
        Notification.objects.filter(id=row.id, read_at__isnull=True).update(read_at=now)
    return row


@transaction.atomic
def choose(*, person: UUID, wanted: Iterable[Choice], now: datetime) -> list[Choice]:
    """Keep how a person wants to hear of topics from now on; what is not named stays as it is.

    Raises
    ------
    UnableToChoose
        When a topic is none of those that the person can hear of.
    """
    asked = list(wanted)
    own = {each.topic for each in queries.choices(person, now=now)}
    for each in asked:
        if each.topic not in own:
            zh, en = "、".join(own), ", ".join(own)
            raise UnableToChoose("TOPIC_NOT_YOURS", f"可选：{zh}", f"yours are: {en}", field="topic")
    Preference.objects.bulk_create(
        [Preference(person_id=person, topic=Topic(e.topic), shown=e.shown, mailed=e.mailed) for e in asked],
        update_conflicts=True,
        unique_fields=["person", "topic"],
        update_fields=["shown", "mailed"],
    )
    return queries.choices(person, now=now)


def forget(*, now: datetime) -> int:
    """Forget what was told, and what webhooks were sent, long ago; a bounded part at a time, gives how many rows."""
    before = now - KEPT_FOR
    told = Notification.objects.filter(at__lt=before).exclude(mail=MailState.WAITING)
    sent = Delivery.objects.filter(created_at__lt=before).exclude(state=DeliveryState.WAITING)
    lines = list(told.values_list("id", flat=True)[:_FORGOTTEN_AT_ONCE])
    messages = list(sent.values_list("id", flat=True)[:_FORGOTTEN_AT_ONCE])
    gone = Notification.objects.filter(id__in=lines).delete()[0]
    return gone + Delivery.objects.filter(id__in=messages).delete()[0]

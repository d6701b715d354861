"""Telling holders that a voucher is about to end, 30 and 7 days before: each once, whoever runs and however often."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from jiaozi.kernel.ids import named_id, new_id
from jiaozi.kernel.period import local_date
from jiaozi.notice import queries, rules
from jiaozi.notice.models import Notification
from jiaozi.notice.queries import Ending
from jiaozi.notice.rules import Choice, MailState, Thing
from jiaozi.notice.services.telling import GATHERED_FOR

_CLAIM = """
INSERT INTO notice_reminder (voucher_id, days, at)
SELECT v.id, v.days, %s FROM unnest(%s::uuid[], %s::smallint[]) AS v(id, days) ORDER BY v.id
ON CONFLICT DO NOTHING RETURNING voucher_id
"""


def remind(*, now: datetime) -> int:
    """Tell the members of holders whose vouchers are about to end; gives how many notifications that were.

    What was told is kept by voucher and number of days in the same transaction: run twice or by two at once it is told
    once, and run after a day that was missed it is told then. Where only the last days are left, only the nearer one
    is told. Cost: two statements where nothing is due, seven for each 200 vouchers of which something is.
    """
    today = local_date(now)
    ends, told, after = queries.programme_ends(today), 0, None
    while True:
        found, after = queries.ending(today, ends, after)
        if found:
            told += _tell(found, now)
        if after is None:
            return told


@transaction.atomic
def _tell(found: Collection[Ending], now: datetime) -> int:
    mine = _claimed(found, now)
    due = {each.voucher.id: each for each in found if each.voucher.id in mine}
    things = {id_: Thing(each.voucher.programme, each.voucher.holder_id, kind="voucher") for id_, each in due.items()}
    people = queries.recipients(things, rules.audience_of([rules.ENDS_SOON]), now=now) if things else []
    kept = queries.kept_choices({each.person for each in people}) if people else {}
    made = [
        _notification(each, person, choice, now)
        for id_, each in due.items()
        for person in dict.fromkeys(
            one.person for one in people if rules.hears(one, rules.ENDS_SOON, things[id_], by="")
        )
        if (choice := rules.chosen(kept.get(person, {}), rules.TOLD[rules.ENDS_SOON].topic)).shown or choice.mailed
    ]
    Notification.objects.bulk_create(made, batch_size=1_000)
    return len(made)


def _claimed(found: Collection[Ending], now: datetime) -> set[UUID]:
    """Keep that these are told; gives those that nobody told before."""
    with connection.cursor() as cursor:
        ids, days = [each.voucher.id for each in found], [each.days for each in found]
        cursor.execute(_CLAIM, [now, ids, days])
        return {id_ for (id_,) in cursor.fetchall()}


def _notification(each: Ending, person: UUID, choice: Choice, now: datetime) -> Notification:
    row = each.voucher
    return Notification(
        id=new_id(),
        person_id=person,
        line=named_id("notice.reminder", row.id, each.days),
        event=rules.ENDS_SOON,
        topic=choice.topic,
        kind="voucher",
        subject=row.id,
        at=now,
        facts=rules.facts_of(row.number, each.last_day, each.left_fen),
        shown=choice.shown,
        mail=MailState.WAITING if choice.mailed else MailState.NONE,
        mail_at=now + GATHERED_FOR if choice.mailed else None,
    )

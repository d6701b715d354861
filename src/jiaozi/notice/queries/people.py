"""Reading people's notifications, what they chose, and who may hear of an event. Bounded, one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from jiaozi.kernel.refusal import Refused
from jiaozi.notice.models import Notification, Preference
from jiaozi.notice.rules import Choice, MailState, Recipient, Thing, chosen, topics_of
from jiaozi.party import queries as party
from jiaozi.party.models import Membership
from jiaozi.party.rules import Role

ROWS_MAX = 200
UNREAD_MAX = 100
"""Unread ones are counted as far as this; past it the page says "99+"."""
RECIPIENTS_AT_ONCE = 5_000
PERSONS_MAX = 50
"""People who are sent a mail in one round."""
_UNREAD = """
SELECT count(*)
  FROM (SELECT FROM notice_notification WHERE person_id = %s AND shown AND read_at IS NULL LIMIT %s) AS unread
"""  # by hand: every page of whoever is signed in asks it


class UnableToFindNotification(Refused):
    """Nothing of this person has this id."""


def notifications(person: UUID, *, after: UUID | None = None, limit: int = 50) -> list[Notification]:
    """Give what a person was told, the latest first, from after an id."""
    rows = Notification.objects.filter(person_id=person, shown=True).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def notification(id: UUID, person: UUID) -> Notification:  # noqa: A002 - the column's own name
    """Give one notification of a person; another's is as if it were not there.

    Raises
    ------
    UnableToFindNotification
        When there is none.
    """
    found = Notification.objects.filter(id=id, person_id=person).first()
    if found is None:
        raise UnableToFindNotification("NO_SUCH_NOTIFICATION", f"没有消息{id}", f"no notification {id}", field="id")
    return found


def unread(person: UUID) -> int:
    """Count what a person has not read, as far as ``UNREAD_MAX``."""
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, [person, UNREAD_MAX])
        return int(cursor.fetchone()[0])


def choices(person: UUID, *, now: datetime) -> list[Choice]:
    """Give how a person hears of each topic that concerns what the person may be, in two statements."""
    kept = kept_choices([person]).get(person, {})
    roles = {Role(row.role) for row in party.memberships_of(person, now=now)}
    return [chosen(kept, topic) for topic in topics_of(roles)]


def kept_choices(people: Iterable[UUID]) -> dict[UUID, dict[str, tuple[bool, bool]]]:
    """Give what people chose, by topic."""
    found: dict[UUID, dict[str, tuple[bool, bool]]] = {}
    for row in Preference.objects.filter(person_id__in=list(people)):
        found.setdefault(row.person_id, {})[row.topic] = (row.shown, row.mailed)
    return found


def recipients(things: Mapping[UUID, Thing], roles: Iterable[Role], *, now: datetime) -> list[Recipient]:
    """Give those who may hear of things in these roles: their holders', their centres' and their programmes' people.

    All of them, read by so many at once: whoever was left out would never be told. One statement for most.
    """
    holders = {each.holder for each in things.values() if each.holder is not None}
    centres = {each.centre for each in things.values() if each.centre}
    programmes = {each.programme for each in things.values()}
    place = Q(organisation_id__in=holders) | (Q(centre__in=centres) & ~Q(centre=""))
    staff = Q(organisation__isnull=True, centre="")
    place |= staff if "" in programmes else staff & Q(programme__in={"", *programmes})
    rows = party.in_force(now).filter(place, role__in=list(roles), person__is_active=True).order_by("id")
    found: list[Membership] = []
    while True:
        later = rows.filter(id__gt=found[-1].id) if found else rows
        next_ = list(later[:RECIPIENTS_AT_ONCE])
        found += next_
        if len(next_) < RECIPIENTS_AT_ONCE:
            return [Recipient(r.person_id, Role(r.role), r.organisation_id, r.centre, r.programme) for r in found]


def mail_due(now: datetime) -> list[UUID]:
    """Give people who have mail to be sent now, the longest waiting first."""
    rows = Notification.objects.filter(mail=MailState.WAITING, mail_at__lte=now).order_by("mail_at")
    return list(dict.fromkeys(rows.values_list("person_id", flat=True)[: PERSONS_MAX * 20]))[:PERSONS_MAX]

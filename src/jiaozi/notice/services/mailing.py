"""Sending people's mail: one a person and round, claimed for a while, sent without a transaction, then noted."""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from jiaozi.notice import queries, rules
from jiaozi.notice.models import Notification
from jiaozi.notice.rules import LEASE, MAIL_LINES_MAX, MailState
from jiaozi.party import queries as party

log = logging.getLogger(__name__)


def send_mail_due(*, now: datetime) -> int:
    """Send the mail that is due, to at most fifty people; gives how many mails went out.

    A sender that dies frees its lines by the lease: then a mail may come twice, but none is lost.
    """
    return sum(_send(person, now) for person in queries.mail_due(now))


@transaction.atomic
def _claim(person: UUID, now: datetime) -> list[Notification]:
    due = Notification.objects.filter(person_id=person, mail=MailState.WAITING, mail_at__lte=now)
    rows = list(due.select_for_update(skip_locked=True, no_key=True).order_by("id")[: MAIL_LINES_MAX * 4])
    Notification.objects.filter(id__in=[row.id for row in rows]).update(mail_at=now + LEASE)
    return rows


def _send(person: UUID, now: datetime) -> bool:
    rows, address = _claim(person, now), party.email_of(person)
    if not rows:
        return False
    told = rows[:MAIL_LINES_MAX]
    lines = [(row.at, rules.sentence(row.event, row.facts), f"/account/notifications/{row.id}") for row in told]
    subject, text = rules.mail_text(lines, len(rows) - len(lines), settings.JIAOZI_PUBLIC_URL)
    failed = "no address" if not address else _mailed(subject, text, address)
    _note(rows, failed, now)
    return not failed


def _mailed(subject: str, text: str, address: str) -> str:
    """Hand a mail to the server; gives what went wrong, empty when it took it."""
    try:
        EmailMessage(subject, text, to=[address]).send()
    except (SMTPException, OSError, ValueError) as error:
        # the address is a personal fact, which the log does not keep
        log.warning("mail: not taken: %s", type(error).__name__)
        return type(error).__name__
    return ""


def _note(rows: list[Notification], failed: str, now: datetime) -> None:
    for row in rows:
        row.mail_attempts += 1
        again = rules.mail_again(row.mail_attempts, now) if failed else None
        row.mail = MailState.SENT if not failed else MailState.WAITING if again else MailState.GIVEN_UP
        row.mail_at = again
    Notification.objects.bulk_update(rows, ["mail", "mail_attempts", "mail_at"])

"""Limits on what members spend: set, changed and removed by an administrator, kept by every verb that holds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Reason
from jiaozi.order import queries
from jiaozi.order.models import Order, SpendingLimit
from jiaozi.order.rules import spending as rules
from jiaozi.order.rules.spending import Per
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor


@transaction.atomic
def set_limit(*, membership_id: UUID, per: Per, limit_fen: int, by: Actor, now: datetime) -> SpendingLimit:
    """Limit what a member may spend from now on; what was held and captured before in the same time counts.

    Raises
    ------
    UnableToLimit
        When the amount is none, the membership is over, or the actor may not.
    UnableToFindPerson
        When there is no such membership.
    """
    member = party.membership(membership_id)
    grant = party.grant_of(member)
    organisation = rules.check_limiter(by, member.person_id, grant)
    rules.check_limit(limit_fen, grant, now)
    _alone(organisation, member.person_id)
    old = queries.limit_of(organisation, member.person_id)
    if old is not None and (old.per, old.limit_fen) == (per, limit_fen):
        return old
    if old is not None:
        _end(old, by, now)
    row = SpendingLimit.objects.create(
        id=new_id(),
        organisation_id=organisation,
        person_id=member.person_id,
        per=per,
        limit_fen=limit_fen,
        set_by=by.name,
        set_at=now,
    )
    body = {"limit_fen": limit_fen, "membership": str(member.id), "per": str(per)}
    journal.write(Line("order", "set_limit", row.id, _said(old), _said(row), by.name, now, body))
    return row


@transaction.atomic
def remove_limit(*, membership_id: UUID, by: Actor, now: datetime) -> SpendingLimit | None:
    """Let a member spend without a limit; gives the one that ended, None where there was none.

    Raises
    ------
    UnableToLimit
        When the actor may not.
    UnableToFindPerson
        When there is no such membership.
    """
    member = party.membership(membership_id)
    organisation = rules.check_limiter(by, member.person_id, party.grant_of(member))
    _alone(organisation, member.person_id)
    old = queries.limit_of(organisation, member.person_id)
    if old is not None:
        _end(old, by, now)
        body = {"membership": str(member.id)}
        journal.write(Line("order", "remove_limit", old.id, _said(old), "", by.name, now, body))
    return old


def over_limit(row: Order, *, member: str, at: datetime, more_fen: int) -> Reason | None:
    """Say that a member's limit does not cover what an order is to hold more; the caller's transaction then holds it.

    Whoever holds for the same member at the same moment waits for this transaction, so that two never pass together.
    Cost: one statement for whoever has no limit, three more for whoever has one.
    """
    person = rules.person_in(member)
    if person is None or queries.limit_of(row.holder_id, person) is None:
        return None
    _alone(row.holder_id, person)
    found = queries.spending_of(row.holder_id, member, at)
    return rules.past_limit(found, more_fen) if found else None


def check_unlimited(*, organisation: UUID, by: Actor, now: datetime) -> None:
    """Keep whoever has a limit from what spends without asking.

    Raises
    ------
    UnableToLimit
        When there is one.
    """
    rules.check_unlimited(queries.spending_of(organisation, by.name, now))


def _alone(organisation: UUID, person: UUID) -> None:
    with connection.cursor() as cursor:
        name = f"order.limit/{organisation}/{person}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _end(row: SpendingLimit, by: Actor, now: datetime) -> None:
    row.ended_at, row.ended_by = now, by.name
    row.save(update_fields=["ended_at", "ended_by"])


def _said(row: SpendingLimit | None) -> str:
    return row.per if row else ""

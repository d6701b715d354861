"""Granting memberships and ending them: never edited, and what has ended is over in the same moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.party import queries
from jiaozi.party.models import Membership, Organisation, Person
from jiaozi.party.rules import Actor, Contact, Details, Registration, Role
from jiaozi.party.rules import membership as rules
from jiaozi.party.rules.membership import Grant, UnableToGrant
from jiaozi.party.services.people import enrol
from jiaozi.party.services.registering import register


@transaction.atomic
def grant(*, person: UUID, grant: Grant, by: Actor, now: datetime) -> Membership:
    """Let a person be something somewhere.

    Raises
    ------
    UnableToGrant
        When a field is wrong, the person has it already or is what must stay apart from it, or the actor may not.
    UnableToFindPerson, UnableToFindOrganisation
        When there is no such person or organisation.
    """
    rules.may_grant(by, person, grant)
    _open_person(person)
    checked = rules.check_grant(grant, now)
    if checked.organisation is not None:
        queries.organisation(checked.organisation)
    rules.check_apart([queries.grant_of(row) for row in _standing(person)], checked, now)
    return _write(person, checked, by, now)


@transaction.atomic
def let_in(*, details: Details, grant: Grant, by: Actor, now: datetime) -> Membership:
    """Let somebody in who is known by an address; who has no account yet is enrolled, and sets a password by letter.

    Raises
    ------
    UnableToEnrol, UnableToGrant
        When a field is wrong, or the actor may not.
    """
    known = queries.by_email(details.email)
    row = known or enrol(details=details, by=by, now=now)
    return give(person=row.id, grant=grant, by=by, now=now)


@transaction.atomic
def end_membership(*, membership_id: UUID, by: Actor, now: datetime) -> Membership:
    """End a membership at once; whoever acts by it, or by a token of it, is refused from the next request on.

    Raises
    ------
    UnableToGrant
        When it ended before, or the actor may not.
    """
    row = Membership.objects.select_for_update(no_key=True).filter(id=membership_id).first()
    row = row or queries.membership(membership_id)
    rules.may_end(by, row.person_id, queries.grant_of(row))
    if row.ended_at is not None:
        raise UnableToGrant("ENDED_ALREADY", "该授权已终止", "this membership has ended already", field="membership")
    row.ended_at, row.ended_by = now, by.name
    row.save(update_fields=["ended_at", "ended_by"])
    journal.write(Line("party", "end_membership", row.id, "GRANTED", "ENDED", by.name, now, {}))
    return row


@transaction.atomic
def found(
    *, person: UUID, registration: Registration, by: Actor, now: datetime, contact: Contact | None = None
) -> tuple[Organisation, Membership]:
    """Register an organisation that is new here, and make whoever registers it its administrator.

    Raises
    ------
    UnableToRegister
        When a field is wrong or the organisation is registered already: then its administrator lets people in.
    UnableToGrant
        When the person is what must stay apart from an applicant.
    """
    rules.may_found(by, person)
    _open_person(person)
    row = register(registration=registration, by=by, now=now, contact=contact)
    first = Grant(role=Role.APPLICANT, since_at=now, organisation=row.id, administrator=True)
    rules.check_apart([queries.grant_of(each) for each in _standing(person)], first, now)
    return row, _write(person, first, by, now)


give = grant
"""``grant`` under a name that its own argument doesn't hide."""


def _open_person(person: UUID) -> None:
    """Take the person's row, so that two grants to one person see each other."""
    row = Person.objects.select_for_update(no_key=True).filter(id=person).first() or queries.person(person)
    if not row.is_active:
        raise UnableToGrant("PERSON_CLOSED", "该账户已关闭", "this account is closed", field="person")


def _standing(person: UUID) -> list[Membership]:
    return list(Membership.objects.filter(person_id=person, ended_at__isnull=True)[: queries.PAGE_MAX])


def _write(person: UUID, checked: Grant, by: Actor, now: datetime) -> Membership:
    row = Membership(
        id=new_id(),
        person_id=person,
        role=checked.role,
        organisation_id=checked.organisation,
        centre=checked.centre,
        programme=checked.programme,
        administrator=checked.administrator,
        since_at=checked.since_at,
        until_at=checked.until_at,
        granted_by=by.name,
        granted_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as clash:
        if "membership_once" not in str(clash):
            raise
        raise UnableToGrant(
            "GRANTED_ALREADY",
            "此人在此处已有该角色；如需变更期限，请先终止原授权",
            "this person has this role here already; end that first to change its time",
            field="person",
        ) from None
    journal.write(Line("party", "grant", row.id, "", "GRANTED", by.name, now, _body(row)))
    return row


def _body(row: Membership) -> dict[str, Any]:
    return {
        "administrator": row.administrator,
        "centre": row.centre,
        "organisation": str(row.organisation_id or ""),
        "person": str(row.person_id),
        "programme": row.programme,
        "role": str(row.role),
        "since": row.since_at.isoformat(),
        "until": row.until_at.isoformat() if row.until_at else "",
    }

"""Enrolling people, correcting what is known of them, closing their accounts and erasing their facts for good."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.party import queries
from jiaozi.party.models import Membership, Person, PersonDetails
from jiaozi.party.rules import Actor
from jiaozi.party.rules import person as rules
from jiaozi.party.rules.person import Details

_SALT_BYTES = 16


@transaction.atomic
def enrol(
    *,
    details: Details,
    by: Actor,
    now: datetime,
    password: str | None = None,
    verified: bool = False,
    id: UUID | None = None,  # noqa: A002 - the column's own name
) -> Person:
    """Enrol a person; without a password the first is set by the link that is sent to the address.

    ``verified`` says that the address is known to be the person's.

    Raises
    ------
    UnableToEnrol
        When a field is wrong, somebody signs in with the address already, or the actor may not.
    """
    id = id or new_id()  # noqa: A001 - the column's own name
    rules.may_enrol(by, id)
    checked = rules.check_details(details)
    _claim_address(checked.email)
    row = Person(id=id, created_at=now, password=make_password(password))
    row.save(force_insert=True)
    EmailAddress.objects.create(user=row, email=checked.email, verified=verified, primary=True)
    body = {"details": _keep_details(id, checked)}
    journal.write(Line("party", "enrol", id, "", "", by.name, now, body))
    return row


@transaction.atomic
def correct_details(*, person: UUID, name: str, phone: str, by: Actor, now: datetime) -> PersonDetails:
    """Put right a person's name and telephone; addresses are changed where their owner is asked for proof.

    Raises
    ------
    UnableToEnrol
        When a field is wrong, or the actor is not the person.
    UnableToFindPerson
        When there is no such person.
    """
    rules.may_correct(by, person)
    queries.person(person)
    checked = rules.check_details(Details(name, queries.email_of(person) or "erased@example.invalid", phone))
    PersonDetails.objects.filter(person_id=person).delete()
    body = {"details": _keep_details(person, checked)}
    journal.write(Line("party", "correct_details", person, "", "", by.name, now, body))
    return PersonDetails.objects.get(person_id=person)


@transaction.atomic
def close_person(*, person: UUID, by: Actor, now: datetime) -> bool:
    """Close an account: nobody signs in with it, every membership ends, every token is dead, at once.

    Says whether it was open.

    Raises
    ------
    UnableToEnrol
        When the actor may not.
    """
    rules.may_close(by, person)
    row = _locked(person)
    if not row.is_active:
        return False
    row.is_active = False
    row.save(update_fields=["is_active"])
    ended = Membership.objects.filter(person_id=person, ended_at__isnull=True)
    count = ended.update(ended_at=now, ended_by=by.name)
    journal.write(Line("party", "close_person", person, "OPEN", "CLOSED", by.name, now, {"memberships": count}))
    return True


@transaction.atomic
def erase_person(*, person: UUID, by: Actor, now: datetime) -> bool:
    """Close an account and erase every personal fact for good; say whether there were any.

    What the person did stays: memberships, tokens and journal lines name the id, which nobody can trace any more.
    """
    close_person(person=person, by=by, now=now)
    Person.objects.filter(id=person).update(password=make_password(None), last_login=None)
    erased = sum(_erase(kind, field, person) for kind, field in _personal_rows())
    if erased:
        journal.write(Line("party", "erase_person", person, "", "", by.name, now, {}))
    return bool(erased)


def _personal_rows() -> list[tuple[type[models.Model], str]]:
    """Name the tables whose rows go with a person: details, and the sign-in library's addresses, keys and links."""
    return [
        (relation.related_model, relation.field.name)
        for relation in Person._meta.related_objects  # noqa: SLF001 - Django documents _meta
        if relation.on_delete is models.CASCADE
    ]


def _erase(kind: type[models.Model], field: str, person: UUID) -> int:
    return int(kind._default_manager.filter(**{field: person}).delete()[0])  # noqa: SLF001 - Django documents it


def _claim_address(email: str) -> None:
    """Let an address be somebody's once; two who claim it at once take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"party.address:{email}"])
    if EmailAddress.objects.filter(email=email).exists():
        raise rules.email_taken()


def _keep_details(person: UUID, details: Details) -> str:
    """Write the erasable row and give the salted digest that the journal may carry."""
    salt = secrets.token_bytes(_SALT_BYTES)
    PersonDetails.objects.create(person_id=person, name=details.name, phone=details.phone, salt=salt)
    content = {"email": details.email, "name": details.name, "phone": details.phone, "salt": salt.hex()}
    return digest(content).hex()


def _locked(person: UUID) -> Person:
    return Person.objects.select_for_update(no_key=True).filter(id=person).first() or queries.person(person)

"""Registering organisations, correcting them, naming end users, erasing personal facts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries, rules
from jiaozi.party.models import ContactPerson, NamedEndUser, Organisation
from jiaozi.party.rules import Actor, Contact, EndUser, HolderClass, Registration, UnableToNameEndUser, UnableToRegister

_SALT_BYTES = 16
_CLASHES: dict[str, Callable[[], Refused]] = {
    "party_maker_once": lambda: UnableToRegister(
        "MAKER_TWICE",
        "该孵化器中已有同名创客，请填写可区分的名称",
        "the incubator already has a maker of this name; give a name that tells them apart",
        field="name",
    ),
    "end_user_once": lambda: UnableToNameEndUser(
        "END_USER_TWICE",
        "该主体已登记为最终用户",
        "this organisation is named as an end user already",
        field="end_user",
    ),
    "end_user_name_once": lambda: UnableToNameEndUser(
        "END_USER_TWICE", "该名称已登记为最终用户", "this name is an end user already", field="end_user"
    ),
    "uscc": lambda: UnableToRegister(
        "USCC_TWICE",
        "该统一社会信用代码已登记，请改用更正",
        "an organisation with this code is registered; correct that one instead",
        field="uscc",
    ),
}


@transaction.atomic
def register(
    *,
    registration: Registration,
    by: Actor,
    now: datetime,
    contact: Contact | None = None,
    id: UUID | None = None,  # noqa: A002 - the column's own name
) -> Organisation:
    """Register an organisation; a chosen ``id`` lets an import name its rows.

    Raises
    ------
    UnableToRegister
        When a field is wrong, the code or the maker is there already, or the actor may not.
    """
    rules.may_write(by, None)
    checked = rules.check_registration(registration)
    row = Organisation(id=id or new_id(), salt=secrets.token_bytes(_SALT_BYTES), created_at=now)
    _take(row, checked)
    _insert(row)
    contact_digest = _keep_contact(row, contact)
    body = {"facts": _facts_digest(row), "holder_class": checked.holder_class.value} | contact_digest
    _journal("register", row.id, by, now, body)
    return row


@transaction.atomic
def correct(
    *, organisation: UUID, registration: Registration, by: Actor, now: datetime, programme: str
) -> Organisation:
    """Put right what an organisation says of itself; the journal keeps the digests before and after.

    ``programme`` is the one whose register it is: another's officer corrects nothing in it.

    Raises
    ------
    UnableToRegister
        As for ``register``.
    UnableToActForProgramme
        When an officer is another programme's.
    UnableToFindOrganisation
        When there is none with this id.
    """
    rules.may_write(by, organisation)
    rules.check_own_programme(by, programme)
    row = _locked(organisation)
    checked = rules.check_registration(registration)
    rules.check_correction(by, registration_of(row), checked)
    before = _facts_digest(row)
    _take(row, checked)
    _insert(row, again=True)
    body = {"facts": _facts_digest(row), "facts_before": before, "holder_class": checked.holder_class.value}
    _journal("correct", row.id, by, now, body)
    return row


@transaction.atomic
def name_end_user(*, intermediary: UUID, end_user: EndUser, by: Actor, now: datetime) -> NamedEndUser:
    """Name somebody whom an intermediary serves.

    Raises
    ------
    UnableToNameEndUser
        When the holder is no intermediary, or the end user is nobody, itself, or named already.
    """
    rules.may_write(by, intermediary)
    holder = _locked(intermediary)
    checked = rules.check_end_user(intermediary, HolderClass(holder.holder_class), end_user)
    if checked.organisation is not None:
        queries.organisation(checked.organisation)
    row = NamedEndUser(
        id=new_id(),
        intermediary=holder,
        organisation_id=checked.organisation,
        name=checked.name,
        salt=secrets.token_bytes(_SALT_BYTES),
        created_at=now,
    )
    _insert(row)
    named = digest({"name": checked.name, "organisation": str(checked.organisation or ""), "salt": row.salt.hex()})
    _journal("name_end_user", intermediary, by, now, {"end_user": str(row.id), "named": named.hex()})
    return row


@transaction.atomic
def erase_contact(*, organisation: UUID, by: Actor, now: datetime) -> bool:
    """Erase an organisation's personal facts for good; say whether there were any."""
    rules.may_write(by, organisation)
    erased, _ = ContactPerson.objects.filter(organisation_id=organisation).delete()
    if erased:
        _journal("erase_contact", organisation, by, now, {})
    return bool(erased)


def registration_of(row: Organisation) -> Registration:
    """Give what an organisation says of itself now, to be corrected or decided on."""
    return Registration(
        name=row.name,
        holder_class=HolderClass(row.holder_class),
        uscc=row.uscc or "",
        registered_in_city=row.registered_in_city,
        in_incubator=row.in_incubator,
        incubator=row.incubator,
        dishonest=row.dishonest,
    )


def _locked(id: UUID) -> Organisation:  # noqa: A002 - the column's own name
    row = Organisation.objects.select_for_update(no_key=True).filter(id=id).first()
    return row or queries.organisation(id)


def _take(row: Organisation, checked: Registration) -> None:
    row.name = checked.name
    row.uscc = checked.uscc or None
    row.holder_class = checked.holder_class
    row.registered_in_city = checked.registered_in_city
    row.in_incubator = checked.in_incubator
    row.incubator = checked.incubator
    row.dishonest = checked.dishonest


def _insert(row: Organisation | NamedEndUser, *, again: bool = False) -> None:
    """Write the row in a savepoint, and say a clash of keys in words."""
    try:
        with transaction.atomic():
            row.save(force_insert=not again, force_update=again)
    except IntegrityError as clash:
        for constraint, refusal in _CLASHES.items():
            if constraint in str(clash):
                raise refusal() from None
        raise


def _keep_contact(row: Organisation, contact: Contact | None) -> dict[str, str]:
    """Write the erasable row and give the salted digest that the journal may carry."""
    if contact is None:
        return {}
    contact = rules.check_contact(contact)
    salt = secrets.token_bytes(_SALT_BYTES)
    ContactPerson.objects.create(
        organisation=row, person=contact.person, phone=contact.phone, email=contact.email, salt=salt
    )
    content = {"email": contact.email, "person": contact.person, "phone": contact.phone, "salt": salt.hex()}
    return {"contact": digest(content).hex()}


def _facts_digest(row: Organisation) -> str:
    return digest(rules.facts(registration_of(row)) | {"salt": bytes(row.salt).hex()}).hex()


def _journal(verb: str, subject: UUID, by: Actor, now: datetime, body: dict[str, str]) -> None:
    journal.write(Line(stage="party", verb=verb, subject=subject, before="", after="", by=by.name, at=now, body=body))

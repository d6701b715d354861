"""People for tests of pages: one of every role, signed in through the real sign-in page's own machinery."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.test import Client

from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Details, Grant, Role
from tests.world import CENTRE, PROGRAMME

PASSWORD = "correct horse battery staple"
PLACES: dict[Role, dict[str, str]] = {
    Role.OFFICER: {"programme": PROGRAMME},
    Role.FINANCE: {"programme": PROGRAMME},
    Role.AUDITOR: {"programme": PROGRAMME},
    Role.CENTRE: {"centre": CENTRE},
    Role.OPERATOR: {},
}


def enrol(name: str, at: datetime, *, password: str | None = None) -> UUID:
    """A person whose address is known to be theirs."""
    details = Details(name, f"{name}@example.cn")
    return party.enrol(details=details, by=SYSTEM, now=at, password=password, verified=True).id


def member(name: str, role: Role, at: datetime, *, password: str | None = None, **place: object) -> UUID:
    """A person with one membership."""
    person = enrol(name, at, password=password)
    grant = Grant(role=role, since_at=at, **({} if "organisation" in place else PLACES.get(role, {})) | place)
    party.grant(person=person, grant=grant, by=SYSTEM, now=at)
    return person


def signed_in(person: UUID, language: str = "zh-hans") -> Client:
    """A browser in which somebody is signed in; what the sign-in page asks for is tested where it is tested."""
    from jiaozi.party.models import Person

    client = Client()
    client.force_login(Person.objects.get(id=person))
    client.cookies["django_language"] = language
    return client

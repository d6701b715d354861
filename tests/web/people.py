"""People for tests of pages: one of every role, signed in through the real sign-in page's own machinery."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client

from jiaozi.party import services as party
from jiaozi.party.models import Membership, Person
from jiaozi.party.rules import STAFF, SYSTEM, Details, Grant, Role
from jiaozi.web.sign_in.second_factor import KEY
from tests.world import CENTRE, PROGRAMME

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
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


def with_factor(person: UUID) -> int:
    """Give somebody an authenticator app, once; gives its id."""
    found = Authenticator.objects.filter(user_id=person, type=Authenticator.Type.TOTP).first()
    made = found or TOTP.activate(Person.objects.get(id=person), SECRET).instance
    return int(made.pk)


def signed_in(person: UUID, language: str = "zh-hans") -> Client:
    """A browser in which somebody is signed in; what the sign-in page asks for is tested where it is tested.

    Staff have shown a second factor where they must.
    """
    client = Client()
    client.force_login(Person.objects.get(id=person))
    if settings.JIAOZI_STAFF_SECOND_FACTOR and Membership.objects.filter(person_id=person, role__in=STAFF).exists():
        session = client.session
        session[KEY] = [with_factor(person)]
        session.save()
    client.cookies["django_language"] = language
    return client

"""A small house with one person a role, each with a token of every scope, and a caller for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.rules import SCOPES_OF, STAFF, SYSTEM, Details, Grant, HolderClass, Role, TokenRequest
from tests.web.people import with_factor
from tests.world import CENTRE, PROGRAMME, World, build


@dataclass
class Caller:
    """A program of one person; every write gets a key of its own unless one is given."""

    name: str
    token: str = ""
    language: str = "en"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        told = {"Accept-Language": self.language} | more
        return told | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self._headers(headers))

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        keyed = {"Idempotency-Key": str(uuid4()) if key is None else key} | headers
        said = {"data": body, "content_type": "application/json"} if body is not None else {}
        return self.client.post(f"/api/v1{path}", headers=self._headers(keyed), **said)


@dataclass
class House:
    """The world, the callers, and the two organisations."""

    world: World
    callers: dict[str, Caller]
    firm: Any
    other_firm: Any

    def __getattr__(self, name: str) -> Caller:
        return self.callers[name]


def enrolled(role: Role, now: Any, *, scopes: Any = None, **place: Any) -> Caller:
    """Enrol a person, make it something, and give it a token."""
    email = f"{uuid4().hex[:12]}@example.cn"
    person = party.enrol(details=Details("测试人员", email, ""), by=SYSTEM, now=now)
    granted = party.grant(
        person=person.id, grant=Grant(role=role, since_at=now, administrator=True, **place), by=SYSTEM, now=now
    )
    by = queries.actor_of(person.id, granted.id, now=now)
    asked = TokenRequest(label="test", scopes=scopes or SCOPES_OF[role], expires_at=now + timedelta(days=30))
    if role in STAFF:
        with_factor(person.id)
    _, text = party.issue_token(membership_id=granted.id, request=asked, by=by, now=now)
    return Caller(role.value.lower(), text)


def furnished(world: World) -> House:
    """Put the callers into a world."""
    now = world.now
    holder = world.holder("蓉城一号", serial=1)
    other = world.holder("蓉城二号", HolderClass.TECH_SME, serial=2)
    callers = {
        "holder": enrolled(Role.APPLICANT, now, organisation=holder.id),
        "stranger": enrolled(Role.APPLICANT, now, organisation=other.id),
        "officer": enrolled(Role.OFFICER, now, programme=PROGRAMME),
        "finance": enrolled(Role.FINANCE, now, programme=PROGRAMME),
        "payer": enrolled(Role.FINANCE, now, programme=PROGRAMME),
        "outsider": enrolled(Role.OFFICER, now, programme="elsewhere-2026"),
        "centre": enrolled(Role.CENTRE, now, centre=CENTRE),
        "rival": enrolled(Role.CENTRE, now, centre="chengdu-aicc"),
        "operator": enrolled(Role.OPERATOR, now),
        "auditor": enrolled(Role.AUDITOR, now, programme=PROGRAMME),
        "nobody": Caller("nobody"),
    }
    return House(world, callers, holder, other)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Let a server that runs in the test's own thread use the test's connection, as Django's client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def house(db: None) -> House:
    return furnished(build())

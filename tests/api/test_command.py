"""``jiaozi api``: the document without a server or a database, and a token for a person of this house."""

import json
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from jiaozi.cli import api as command
from jiaozi.kernel.clock import now
from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Details, Grant, Role, Scope
from jiaozi.project import tokens
from jiaozi.project.openapi import document
from tests.world import CENTRE, PROGRAMME

EMAIL = "wang@example.cn"


def test_the_document_is_printed_without_a_database():
    printed = CliRunner().invoke(command.app, ["schema"])
    assert json.loads(printed.output) == json.loads(json.dumps(document()))


@pytest.fixture(autouse=True)
def _without_second_factors(settings):
    settings.JIAOZI_STAFF_SECOND_FACTOR = False  # tests/web/test_second_factor.py


@pytest.fixture
def person(db):
    return party.enrol(details=Details("王工", EMAIL, ""), by=SYSTEM, now=now()).id


def member(person, role, **place):
    return party.grant(person=person, grant=Grant(role=role, since_at=now(), **place), by=SYSTEM, now=now())


def test_a_token_is_issued_for_the_only_membership(person, monkeypatch):
    member(person, Role.CENTRE, centre=CENTRE)
    monkeypatch.setattr(command, "opened", nullcontext)
    made = CliRunner().invoke(command.app, ["token", EMAIL, "--scope", "meter", "--scope", "READ", "--days", "7"])
    actor = party.use_token(text=made.output.strip(), now=now())
    assert (actor.role, actor.centre, actor.scopes) == (Role.CENTRE, CENTRE, {Scope.METER, Scope.READ})


def test_what_is_unclear_is_asked_for(person):
    with pytest.raises(tokens.UnableToChoose, match="--membership"):
        tokens.issue(EMAIL, scopes=["READ"], days=1, label="x")
    first = member(person, Role.OFFICER, programme=PROGRAMME)
    member(person, Role.OFFICER, programme="elsewhere-2026")
    with pytest.raises(tokens.UnableToChoose, match=str(first.id)):
        tokens.issue(EMAIL, scopes=["READ"], days=1, label="x")
    with pytest.raises(tokens.UnableToChoose, match="no scope FLY"):
        tokens.issue(EMAIL, scopes=["FLY"], days=1, label="x", membership=str(first.id))
    text = tokens.issue(EMAIL, scopes=["READ"], days=1, label="x", membership=str(first.id))
    assert party.use_token(text=text, now=now()).programme == PROGRAMME
    with pytest.raises(tokens.UnableToChoose):
        tokens.issue("nobody@example.cn", scopes=["READ"], days=1, label="x")

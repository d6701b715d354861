"""``jiaozi people``: the first administrator comes in by the command line."""

import pytest
from typer.testing import CliRunner

from jiaozi.cli import people
from jiaozi.kernel.clock import now
from jiaozi.party import queries
from jiaozi.party.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _open_house(monkeypatch):
    from contextlib import nullcontext

    monkeypatch.setattr(people, "opened", nullcontext)


def run(*words):
    return CliRunner().invoke(people.app, list(words))


def test_the_first_administrator_is_let_in_and_out_again():
    done = run("grant", "Chen@example.cn", "operator", "--name", "陈放", "--administrator")
    assert done.exit_code == 0, done.output
    person = queries.by_email("chen@example.cn")
    row = Membership.objects.get(person=person)
    assert (row.role, row.administrator, row.granted_by) == ("OPERATOR", True, "system")
    assert queries.name_on_screen(person.id) == "陈放"
    assert run("grant", "chen@example.cn", "officer", "--programme", "chengdu-2023").exit_code == 0
    assert Membership.objects.filter(person=person).count() == 2
    assert run("end", str(row.id)).output == "ended\n"
    assert len(queries.memberships_of(person.id, now=now())) == 1
    assert run("close", "chen@example.cn").output == "closed\n"
    assert queries.memberships_of(person.id, now=now()) == []
    assert "no open account" in run("close", "chen@example.cn").output


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("grant", "chen@example.cn", "king"), "role"),
        (("grant", "chen", "operator"), "email"),
        (("grant", "chen@example.cn", "centre"), "centre"),
    ],
)
def test_a_wrong_word_is_named_and_lets_nobody_in(words, field):
    done = run(*words)
    assert done.exception.reason.field == field
    assert queries.by_email("chen@example.cn") is None

"""Checking a programme's document says what publishing it would say, and keeps nothing."""

import pytest

from jiaozi.party.rules import Role
from jiaozi.policy import queries
from jiaozi.policy import services as policy
from jiaozi.policy.models import ProgrammeVersion
from tests.api.conftest import enrolled
from tests.policy.documents import small

FORTY = "  - {clause: one, facts: {need: {cost: 100元}}, on: 2023-06-01, expect: 40元}"


@pytest.fixture
def first(house):
    """The version in force, and beside it a later one on demo values, which is nobody's predecessor here."""
    now = house.world.now
    row = policy.adopt(text=small(), by="a", now=now, demo=False)
    policy.adopt(text=small(ratio="40%", cases=FORTY), by="a", now=now, demo=True)
    return row


@pytest.fixture
def officer(house, first):
    return enrolled(Role.OFFICER, house.world.now, programme=first.programme)


def said(answer):
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (lambda first: small(f"supersedes: {first.digest}", ratio="40%", cases=FORTY), None),
        (lambda _: small(), None),
        (lambda _: small(ratio="40%", cases=FORTY), "SUCCESSION_WRONG"),
        (lambda first: small(f"supersedes: {first.digest}", cases=FORTY), "CASES_FAIL"),
    ],
    ids=["the next", "the same again", "without its predecessor", "a case that fails"],
)
def test_checking_says_what_publishing_says(first, officer, text, code) -> None:
    before = ProgrammeVersion.objects.count()
    checked = officer.post("/programme-documents/check", {"text": text(first)})
    assert ProgrammeVersion.objects.count() == before
    assert said(checked) == said(officer.post("/programme-documents/publish", {"text": text(first)}))
    assert said(checked) == ((422, code) if code else (200, None))


def test_another_programmes_document_is_refused_before_it_is_published(house, first) -> None:
    text = {"text": small(f"supersedes: {first.digest}")}
    for verb in ("check", "publish"):
        assert said(house.officer.post(f"/programme-documents/{verb}", text)) == (403, "NOT_YOUR_PROGRAMME")


def test_what_changes_is_told_against_the_predecessor_and_bounded(first, officer, monkeypatch) -> None:
    text = {"text": small(f"supersedes: {first.digest}", ratio="40%", cases=FORTY)}
    changes = officer.post("/programme-documents/check", text).json()["changes"]
    assert changes, "against the demo version there would be none"
    monkeypatch.setattr(queries, "CHANGES_MAX", len(changes) - 1)
    assert len(officer.post("/programme-documents/check", text).json()["changes"]) == len(changes) - 1


def test_what_does_not_read_is_named_by_its_place(officer) -> None:
    body = officer.post("/programme-documents/check", {"text": "programme: ["}).json()
    assert body["problems"][0]["line"] == 1
    assert (body["effective_from"], body["changes"]) == (None, [])

"""A draft keeps itself while its form is filled in: once, as far as it can be read, each mistake at its field."""

from __future__ import annotations

from uuid import uuid4

import pytest

from jiaozi.application.models import Application
from jiaozi.journal.models import JournalLine
from jiaozi.party.rules import Role
from jiaozi.voucher.models import Voucher
from tests.web.people import member, signed_in
from tests.web.test_dossier import PROJECT, drafted, scene, step
from tests.web.test_pages import text_of

__all__ = ["scene"]
pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}


def drafts(scene) -> list[Application]:
    return list(Application.objects.filter(holder=scene["holder"]))


def test_what_is_typed_is_one_draft_and_the_button_leads_to_it(scene) -> None:
    key = {"key": str(uuid4())}
    for cost in ("10万", "10万", "100万"):
        answer = scene["applicant"].post(
            "/apply/project-national", PROJECT | key | {"project.compute_cost": cost}, headers=PART
        )
        assert "草稿已自动保存" in text_of(answer.content)
        assert answer["Cache-Control"] == "no-store"
    (row,) = drafts(scene)
    assert (row.state, row.facts["project.compute_cost"]) == ("DRAFT", 100_000_000)
    lines = JournalLine.objects.filter(subject=row.id).order_by("at", "id").values_list("verb", flat=True)
    assert sorted(lines) == ["amend", "draft"]
    sent = scene["applicant"].post("/apply/project-national", PROJECT | key | {"project.compute_cost": "90万"})
    assert sent["Location"] == f"/applications/{row.id}"
    (row,) = drafts(scene)
    assert row.facts["project.compute_cost"] == 90_000_000


def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(scene) -> None:
    typed = PROJECT | {"key": str(uuid4()), "project.compute_cost": "很多钱"}
    scene["applicant"].cookies["django_language"] = "en"
    page = scene["applicant"].post("/apply/project-national", typed, headers=PART).content.decode()
    assert "what is wrong is not" in page
    assert '<p class="why" id="fact-project-compute_cost-why" hx-swap-oob="true">' in page
    assert '<p class="why" id="fact-project-id-why" hx-swap-oob="true" hidden></p>' in page
    (row,) = drafts(scene)
    assert row.facts["project.id"] == PROJECT["project.id"]
    assert "project.compute_cost" not in row.facts


def test_the_draft_outlives_the_session(scene) -> None:
    scene["applicant"].post("/apply/project-national", PROJECT | {"key": str(uuid4())}, headers=PART)
    scene["applicant"].logout()
    late = scene["applicant"].post("/apply/project-national", PROJECT | {"key": str(uuid4())}, headers=PART)
    assert late.status_code == 401
    (row,) = drafts(scene)
    assert row.facts["project.compute_cost"] == 100_000_000


def test_a_draft_keeps_itself_on_its_own_page_until_it_is_handed_in(scene, present) -> None:
    row = drafted(scene)
    path = f"/applications/{row.id}/draft"
    assert 'hx-trigger="input delay:2s, change"' in scene["applicant"].get(f"/applications/{row.id}").content.decode()
    answer = scene["applicant"].post(path, PROJECT | {"project.compute_cost": "70万"}, headers=PART)
    assert "草稿已自动保存" in text_of(answer.content)
    row.refresh_from_db()
    assert row.facts["project.compute_cost"] == 70_000_000
    stranger = signed_in(member("stranger", Role.APPLICANT, present, organisation=Voucher.objects.first().holder_id))
    assert stranger.post(path, PROJECT, headers=PART).status_code == 403
    step(scene["applicant"], row, "submit")
    answer = scene["applicant"].post(path, PROJECT | {"project.compute_cost": "80万"}, headers=PART)
    assert "已提交，不再自动保存" in text_of(answer.content)
    row.refresh_from_db()
    assert row.facts["project.compute_cost"] == 70_000_000

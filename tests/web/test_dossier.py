"""An application from its form to the voucher, by the pages alone: every step is a form, every refusal a sentence."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jiaozi.application.models import Application
from jiaozi.kernel import clock
from jiaozi.kernel.period import start_of_day
from jiaozi.party.rules import HolderClass, Role
from jiaozi.policy import services as policy
from jiaozi.voucher.models import Voucher
from tests.application.papers import pdf
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of

pytestmark = pytest.mark.django_db
PROJECT = {
    "project.id": "JBGS-2024-7",
    "project.won": "yes",
    "project.level": "national",
    "project.supplier": "nscc-chengdu",
    "project.compute_cost": "100万",
}


@pytest.fixture
def scene(present, sample_year):
    holder = sample_year.holder("新来科技有限公司", HolderClass.TECH_SME, serial=77)
    officer = member("officer", Role.OFFICER, present)
    return {
        "holder": holder,
        "applicant": signed_in(member("applicant", Role.APPLICANT, present, organisation=holder.id)),
        "officer": signed_in(officer),
        "person": officer,
    }


def drafted(scene, **more: str) -> Application:
    answer = scene["applicant"].post("/apply/project-national", PROJECT | more)
    assert answer.status_code == 302
    return Application.objects.get(holder=scene["holder"])


def step(client: Client, row: Application, verb: str, **words: str) -> str:
    answer = client.post(f"/applications/{row.id}/steps/{verb}", words, follow=True)
    assert answer.status_code == 200
    row.refresh_from_db()
    return text_of(answer.content)


def test_from_the_form_to_the_voucher(scene, present, monkeypatch) -> None:
    row = drafted(scene)
    assert (row.state, row.facts["project.compute_cost"]) == ("DRAFT", 100_000_000)
    step(scene["applicant"], row, "submit")
    words = step(scene["officer"], row, "review")
    assert row.state == "UNDER_REVIEW"
    assert "300,000.00" in words
    assert "项目算力成本" in words
    until = (present + timedelta(days=8)).date()
    step(scene["officer"], row, "notify_public", until=until.isoformat())
    early = step(scene["officer"], row, "approve")
    assert (row.state, "公示期未满" in early) == ("PUBLIC_NOTICE", True)
    monkeypatch.setattr(clock, "now", lambda: present + timedelta(days=9))
    words = step(signed_in(scene["person"]), row, "approve")
    assert row.state == "APPROVED"
    assert Voucher.objects.get(application=row).face_fen == 30_000_000
    for verb in ("起草", "提交", "审核判定", "公示", "批准"):
        assert verb in words


def test_the_form_asks_only_what_the_register_does_not_know(scene) -> None:
    page = scene["applicant"].get("/apply/general").content.decode()
    assert 'name="need.compute_cost"' in page
    assert 'name="applicant.' not in page


def test_what_was_estimated_is_in_the_form_already(scene) -> None:
    page = scene["applicant"].get("/apply/project-national", {"project.compute_cost": "88万"}).content.decode()
    assert 'value="88万"' in page


def test_a_wrong_answer_is_named_and_nothing_is_kept(scene) -> None:
    answer = scene["applicant"].post("/apply/project-national", PROJECT | {"project.compute_cost": "很多钱"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Application.objects.filter(holder=scene["holder"]).exists()


def test_a_paper_is_kept_under_its_digest_and_given_back_as_it_was(scene) -> None:
    row, content = drafted(scene), pdf("contract")
    file = SimpleUploadedFile("合同.pdf", content, content_type="application/pdf")
    answer = scene["applicant"].post(f"/applications/{row.id}/papers", {"paper": "other", "content": file}, follow=True)
    words = text_of(answer.content)
    assert "合同.pdf" in words
    kept = row.evidence.get()
    assert kept.file_id[:16] in words
    given = scene["officer"].get(f"/papers/{kept.id}")
    assert (given.content, given.headers["Content-Disposition"]) == (content, 'attachment; filename="other.pdf"')


def test_what_is_no_paper_is_refused_in_a_sentence(scene) -> None:
    row = drafted(scene)
    file = SimpleUploadedFile("x.pdf", b"MZ\x00\x01", content_type="application/pdf")
    answer = scene["applicant"].post(f"/applications/{row.id}/papers", {"paper": "other", "content": file}, follow=True)
    assert "PDF" in text_of(answer.content)
    assert not row.evidence.exists()
    answer = scene["applicant"].post(f"/applications/{row.id}/papers", {"paper": "other"}, follow=True)
    assert "请选择一个不超过20 MiB的文件" in text_of(answer.content)


def test_sent_back_says_what_is_missing_and_comes_again(scene) -> None:
    row = drafted(scene)
    step(scene["applicant"], row, "submit")
    words = step(scene["officer"], row, "send_back", words="请补项目立项文件")
    assert (row.state, "请补项目立项文件" in words) == ("RETURNED", True)
    step(scene["applicant"], row, "resubmit", **PROJECT | {"project.compute_cost": "90万"})
    assert (row.state, row.facts["project.compute_cost"]) == ("SUBMITTED", 90_000_000)


def test_a_draft_is_the_holder_s_own_business(scene) -> None:
    drafted(scene)
    assert scene["holder"].name in text_of(scene["applicant"].get("/applications").content)
    assert scene["holder"].name not in text_of(scene["officer"].get("/applications").content)


def test_a_verb_that_there_is_not_is_no_address(scene) -> None:
    row = drafted(scene)
    assert scene["officer"].post(f"/applications/{row.id}/steps/destroy").status_code == 404


def test_a_verb_that_is_another_s_is_refused_and_changes_nothing(scene) -> None:
    row = drafted(scene)
    step(scene["applicant"], row, "submit")
    words = step(scene["applicant"], row, "review")
    assert row.state == "SUBMITTED"
    assert "申请人不能审批自己的申领" in words


def test_the_earliest_last_day_of_a_notice_stands_in_the_form_and_is_taken(scene, present, monkeypatch) -> None:
    row = drafted(scene)
    step(scene["applicant"], row, "submit")
    step(scene["officer"], row, "review")
    page = scene["officer"].get(f"/applications/{row.id}").content.decode()
    (day,) = re.findall(r'id="until"[^>]*value="([\d-]+)"', page)
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    assert "公示期不得少于" in step(scene["officer"], row, "notify_public", until=before)
    step(scene["officer"], row, "notify_public", until=day)
    assert row.notice_until == start_of_day(date.fromisoformat(day) + timedelta(days=1))
    assert "日期" in step(scene["officer"], drafted_again(scene), "notify_public", until="9999-12-31")


def drafted_again(scene) -> Application:
    scene["applicant"].post("/apply/project-national", PROJECT | {"project.id": "JBGS-2024-8"})
    return Application.objects.filter(holder=scene["holder"]).latest("submitted_at", "id")


def test_a_demonstration_need_not_wait_for_its_notice(scene, present) -> None:
    row = drafted(scene)
    step(scene["applicant"], row, "submit")
    step(scene["officer"], row, "review")
    step(scene["officer"], row, "notify_public", until=(present + timedelta(days=8)).date().isoformat())
    page = scene["officer"].get(f"/applications/{row.id}").content.decode()
    assert "演示：立即结束公示" in page
    assert "演示：立即结束公示" not in scene["applicant"].get(f"/applications/{row.id}").content.decode()
    words = step(scene["officer"], row, "end_demo_notice")
    assert "演示：提前结束公示" in words
    step(scene["officer"], row, "approve")
    assert row.state == "APPROVED"


def test_a_draft_says_what_the_policy_will_say_and_a_corrected_register_changes_it(scene) -> None:
    away = scene["holder"]
    away.registered_in_city = False
    away.save()
    scene["applicant"].post("/apply/general", {"need.compute_cost": "6万"})
    row = Application.objects.get(holder=away)
    ahead = text_of(scene["applicant"].get(f"/applications/{row.id}").content)
    assert "暂不能申领" in ahead
    assert "请联系经办更正" in ahead
    assert "暂不能申领" in text_of(scene["applicant"].get("/apply/general").content)
    known = {"name": away.name, "holder_class": "TECH_SME", "uscc": away.uscc, "dishonest": "no"}
    path = f"/organisations/{away.id}/correct"
    assert scene["applicant"].post(path, known | {"registered_in_city": "yes"}).status_code == 403
    assert scene["officer"].post(path, known | {"registered_in_city": ""}).status_code == 422
    done = scene["officer"].post(path, known | {"registered_in_city": "yes", "next": f"/applications/{row.id}"})
    assert done["Location"] == f"/applications/{row.id}"
    assert "30,000" in text_of(scene["applicant"].get(f"/applications/{row.id}").content)
    step(scene["applicant"], row, "submit")
    assert row.facts["applicant.registered_in_city"] is True


def test_what_is_typed_is_answered_at_once(scene) -> None:
    given = {"key": str(uuid4()), "need.compute_cost": "6万"}
    part = scene["applicant"].post("/apply/general", given, headers={"HX-Request": "true"}).content.decode()
    assert 'id="answer"' in part
    assert "30,000" in text_of(part.encode())


def test_an_estimate_knows_what_the_register_knows(scene) -> None:
    known, unknown = (
        re.search(r'<option value="TECH_SME"[^>]* selected', client.get("/eligibility/general").content.decode())
        for client in (scene["applicant"], Client())
    )
    assert known
    assert not unknown


def test_a_draft_is_foreseen_on_the_version_that_handing_in_pins(scene, present) -> None:
    scene["applicant"].post("/apply/general", {"need.compute_cost": "6万"})
    row = Application.objects.get(holder=scene["holder"])
    text, cases, told = row.version.text.partition("\ncases:\n")
    first = next(line for line in told.splitlines() if line.startswith("  - "))
    lower = text.replace("demo: 50%", "demo: 40%") + cases + first + "\n"
    policy.adopt(text=f"supersedes: {row.version.digest}\n{lower}", by="officer:li", now=present, demo=True)
    ahead = text_of(scene["applicant"].get(f"/applications/{row.id}").content)
    assert "24,000.00" in ahead
    step(scene["applicant"], row, "submit")
    step(scene["officer"], row, "review")
    assert row.amount_fen == 2_400_000


def test_what_cant_be_read_is_named_beside_the_form_and_nothing_stands_there_after_handing_in(scene) -> None:
    page = text_of(scene["applicant"].get("/apply/project-national", {"project.compute_cost": "abc"}).content)
    assert "请先更正 项目算力成本" in " ".join(page.split())
    row = drafted(scene)
    step(scene["applicant"], row, "submit")
    part = scene["applicant"].post(f"/applications/{row.id}/draft", PROJECT, headers={"HX-Request": "true"})
    assert "请先更正" not in text_of(part.content)

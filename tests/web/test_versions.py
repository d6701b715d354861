"""Programme versions on pages: errors with line and column, a difference in words, published once and never edited."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jiaozi.party.rules import Role
from jiaozi.policy import queries
from jiaozi.policy.models import ProgrammeVersion
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import PROGRAMME, ROOT, build

pytestmark = pytest.mark.django_db
TEXT = (ROOT / "programmes" / "chengdu-2023.yaml").read_text(encoding="utf-8")


@pytest.fixture
def world(present, settings):
    settings.JIAOZI_DEMO = True
    return build(present)


@pytest.fixture
def officer(world, present):
    return signed_in(member("officer", Role.OFFICER, present))


def later(world, ratio="40%", day="2024-06-01"):
    """The same programme with another ratio, from a day that lies ahead."""
    text = TEXT.replace(
        "share of each order, unpublished: true, demo: 50%", f"share of each order, unpublished: true, demo: {ratio}"
    )
    text = text.replace("demo: 2023-01-12}", f"demo: {day}}}")
    text = text.replace("on: 2023-06-01", f"on: {day}").replace("on: 2023-01-12", f"on: {day}")
    return text.replace("parameters:", f"supersedes: {world.version.digest}\nparameters:", 1)


def post(client, **words):
    return client.post("/programme/versions", words)


def test_an_error_is_named_by_line_and_column(officer) -> None:
    bad = TEXT.replace("kind: ratio, zh: 一般算力券占算力需求的比例", "kind: wish, zh: 一般算力券占算力需求的比例")
    line = next(number for number, each in enumerate(bad.splitlines(), 1) if "kind: wish" in each)
    answer = post(officer, step="check", text=bad)
    words = text_of(answer.content)
    assert answer.status_code == 422
    assert f"第 {line} 行第" in words
    assert "parameters.general_ratio" in words
    assert ProgrammeVersion.objects.count() == 1


def test_a_file_is_read_like_the_text(officer) -> None:
    file = SimpleUploadedFile("a.yaml", b"programme: [")
    answer = officer.post("/programme/versions", {"step": "check", "file": file})
    assert answer.status_code == 422
    assert "第 1 行第" in text_of(answer.content)


def test_checked_compared_published_and_not_in_force_before_its_day(world, officer) -> None:
    text = later(world)
    words = text_of(post(officer, step="check", text=text).content)
    assert "文件可用" in words
    assert "2024-06-01" in words
    assert ProgrammeVersion.objects.count() == 1
    answer = post(officer, step="publish", text=text)
    row = ProgrammeVersion.objects.get(supersedes=world.version)
    assert answer.headers["Location"] == f"/programme/versions/{row.id}"
    assert row.loaded_by.startswith("person:")
    page = text_of(officer.get(f"/programme/versions/{row.id}").content)
    assert "待施行" in page
    assert "40%" in page
    assert queries.current(PROGRAMME, world.now.date()).id == world.version.id
    assert "待施行" in text_of(officer.get("/programme/versions").content)


def test_one_that_names_no_predecessor_is_refused_in_a_line(world, officer) -> None:
    text = later(world).replace(f"supersedes: {world.version.digest}\n", "")
    answer = post(officer, step="publish", text=text)
    assert answer.status_code == 422
    assert "请写 supersedes" in text_of(answer.content)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AUDITOR])
def test_who_may_not_publish_reads_and_can_not_post(world, present, role) -> None:
    client = signed_in(member("reader", role, present))
    assert "新版本" not in text_of(client.get("/programme/versions").content)
    assert post(client, step="publish", text=later(world)).status_code == 404
    assert ProgrammeVersion.objects.count() == 1


def test_the_text_is_given_word_for_word_and_another_is_not_compared(world, officer) -> None:
    path = f"/programme/versions/{world.version.id}"
    assert officer.get(f"{path}?form=yaml").content.decode() == TEXT
    assert "第一个版本" in text_of(officer.get(path).content)
    assert officer.get(f"{path}?against={world.version.id}").status_code == 404

"""The policy lab on pages: errors named on the page, a run started and looked at, its report shut into a sandbox."""

from __future__ import annotations

from uuid import uuid4

import pytest

from jiaozi.lab.models import LabRun
from jiaozi.lab.services import runs
from jiaozi.party.rules import Role
from tests.lab.scenario_of_a_page import TEXT
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(present):
    build(present)
    return signed_in(member("officer", Role.OFFICER, present))


def test_an_error_is_named_by_line_and_column(officer) -> None:
    answer = officer.post("/lab", {"text": TEXT.replace("document: in-force", "document: nothing")})
    assert answer.status_code == 422
    line = next(number for number, each in enumerate(TEXT.splitlines(), 1) if "document:" in each)
    assert f"第 {line} 行第" in text_of(answer.content)
    assert not LabRun.objects.exists()


def test_started_followed_and_opened_in_a_sandbox(officer, present) -> None:
    answer = officer.post("/lab", {"text": TEXT})
    row = LabRun.objects.get()
    assert answer.headers["Location"] == f"/lab/{row.id}"
    waiting = officer.get(f"/lab/{row.id}")
    assert "排队中" in text_of(waiting.content)
    assert waiting.headers["Refresh"] == "3"
    runs.play(run_id=row.id, clock=lambda: present)
    done = officer.get(f"/lab/{row.id}")
    assert "打开报告" in text_of(done.content)
    assert "Refresh" not in done.headers
    report = officer.get(f"/lab/{row.id}/files/report.html")
    policy = report.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy
    kept = officer.get(f"/lab/{row.id}/files/report.html?form=file")
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert officer.get(f"/lab/{row.id}/files/result.json").content.startswith(b"{")
    assert officer.get(f"/lab/{row.id}/files/none.csv").status_code == 404
    assert "比例减半" in text_of(officer.get("/lab").content)
    assert "比例减半" in officer.get(f"/lab?from={row.id}").content.decode()


def test_another_role_and_another_run_are_refused(officer, present) -> None:
    assert officer.get(f"/lab/{uuid4()}").status_code == 404
    clerk = signed_in(member("clerk", Role.CENTRE, present))
    assert clerk.get("/lab").status_code == 403

"""The journal on a page and as a file: no text of it is a formula, its digests hold, and it goes page by page."""

import csv
import io
import json
import re
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.party.rules import Role
from jiaozi.settlement import queries as settlement
from jiaozi.web.views import tracing
from tests.web.people import member, signed_in
from tests.world import PROGRAMME

pytestmark = pytest.mark.django_db
SUBJECT = UUID(int=7)
FORMULA = "=1+1"


def line(number, at) -> Line:
    return Line("policy", "adopt", SUBJECT, "", "ADOPTED", FORMULA, at, {"n": number, "programme": PROGRAMME})


@pytest.fixture
def auditor(present):
    """Somebody who reads the journal, which has three lines of one thing."""
    with transaction.atomic():
        journal.write(*(line(n, present) for n in range(3)))
    return signed_in(member("auditor", Role.AUDITOR, present))


def test_the_file_has_whole_lines_and_no_formula(auditor, present) -> None:
    answer = auditor.get("/journal", {"form": "csv", "subject": str(SUBJECT)})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [json.loads(row["body"])["n"] for row in rows] == [2, 1, 0]
    assert {row["by"] for row in rows} == {f"'{FORMULA}"}
    assert rows[0]["at"] == present.isoformat()
    assert rows[0]["digest"] == line(2, present).digest().hex()
    assert auditor.get("/journal", {"form": "xlsx", "subject": str(SUBJECT)}).content.startswith(b"PK")
    assert auditor.get("/journal", {"form": "pdf"}).status_code == 404


def test_the_list_goes_page_by_page(auditor, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "LINES", 2)
    page = auditor.get("/journal", {"subject": str(SUBJECT)}).content.decode()
    assert page.count("摘要相符") == 2
    there = re.search(r'rel="next" href="(\?[^"]+)"', page)[1].replace("&amp;", "&")
    last = auditor.get(f"/journal{there}").content.decode()
    assert last.count("摘要相符") == 1
    assert 'rel="next"' not in last
    assert f"?subject={SUBJECT}" in last
    assert auditor.get("/journal", {"after": "y"}).status_code == 404


def test_whose_a_line_is_is_asked_by_key(present) -> None:
    """However the planner reads the journal, it hashes no list of all that a programme has."""
    with CaptureQueriesContext(connection) as caught:
        assert settlement.lines_for(PROGRAMME) == []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {caught[-1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "SubPlan" in plan
    assert "hashed" not in plan

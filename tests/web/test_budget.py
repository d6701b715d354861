"""The year's money on a page: the parts add up, what is unpublished says so, a parameter is tried and nothing kept."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.application.models import Application
from jiaozi.kernel.fen import yuan
from jiaozi.party.rules import Role
from jiaozi.settlement import queries
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import PROGRAMME, build

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(present, sample_year):
    return signed_in(member("officer", Role.OFFICER, present))


def test_the_clauses_add_up_to_what_was_granted(officer, present) -> None:
    view = queries.budget(PROGRAMME, 2024, now=present)
    rows = view.clauses
    assert sum(row.granted_fen for row in rows) == view.year.issued_fen
    for row in rows:
        assert row.granted_fen == row.spendable_fen + row.held_fen + row.used_fen + row.ended_fen
    assert sum(row.held_fen for row in rows) == view.year.held_fen
    assert sum(row.used_fen for row in rows) == view.year.used_fen
    assert view.weeks[-1].left_fen == view.ceiling_fen - view.year.issued_fen
    assert sum(week.granted_fen for week in view.weeks) == view.year.issued_fen
    assert sum(week.paid_fen for week in view.weeks) == view.year.settled_fen
    words = text_of(officer.get("/budget").content)
    assert yuan(view.year.issued_fen) in words
    assert "预测" in words


def test_the_pool_leaves_what_the_ledger_says(officer, present) -> None:
    view = queries.budget(PROGRAMME, 2024, now=present)
    year = next(each for each in view.pools if each.cap.cap_id == "year")
    assert (year.counted_fen, year.left_fen) == (view.year.issued_fen, year.cap.limit_fen - view.year.issued_fen)
    holder = next(each for each in view.pools if each.cap.cap_id == "holder_year")
    assert (holder.cap.unpublished, holder.left_fen) == (True, None)
    assert "未公布" in text_of(officer.get("/budget").content)


def test_the_plot_has_the_table_s_figures(officer, present) -> None:
    page = officer.get("/budget").content.decode()
    data = json.loads(unescape(re.search(r'data-plot="([^"]*)"', page)[1]))
    view = queries.budget(PROGRAMME, 2024, now=present)
    assert data["lines"][0]["points"][-1] == [view.weeks[-1].last.isoformat(), view.weeks[-1].left_fen]


def test_a_parameter_is_tried_and_nothing_is_kept(officer) -> None:
    before = list(Application.objects.order_by("id").values())
    same = text_of(officer.get("/budget?parameter=general_ratio&value=50%25").content)
    assert "不改变任何一件的核定金额" in same
    less = text_of(officer.get("/budget?parameter=general_ratio&value=40%25").content)
    assert "发放变化" in less
    assert list(Application.objects.order_by("id").values()) == before


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("parameter=nothing&value=1", "没有参数nothing"),
        ("parameter=general_ratio&value=many", "不是比例"),
        ("parameter=general_ratio&value=140%25", "超过 100%"),
        ("parameter=together&value=whatever", "不成立"),
    ],
)
def test_what_can_not_be_tried_is_said_at_its_field(officer, query, says) -> None:
    assert says in text_of(officer.get(f"/budget?{query}").content)


def test_a_year_without_anything_is_empty_and_another_is_not_there(present) -> None:
    build(present)
    client = signed_in(member("auditor", Role.AUDITOR, present))
    assert "本年度还没有发放" in text_of(client.get("/budget?year=2023").content)
    assert client.get("/budget?year=1999").status_code == 404
    assert client.get("/budget?year=x").status_code == 404


@pytest.mark.parametrize(("form", "begins"), [("csv", "\ufeff".encode()), ("xlsx", b"PK"), ("pdf", None)])
def test_given_out_as_a_file(officer, form, begins) -> None:
    answer = officer.get(f"/budget?form={form}")
    assert answer.status_code == (200 if begins else 404)
    assert begins is None or answer.content.startswith(begins)


def test_few_statements(officer) -> None:
    officer.get("/budget")
    with CaptureQueriesContext(connection) as caught:
        officer.get("/budget?parameter=general_ratio&value=40%25")
    assert len(caught) <= 15, [each["sql"][:80] for each in caught]

"""Am I eligible: the answer is the policy's, condition by condition, before anybody signs in."""

from __future__ import annotations

import pytest
from django.test import Client

from jiaozi.journal.models import JournalLine
from tests.web.test_pages import text_of

pytestmark = pytest.mark.django_db
NATIONAL = {
    "project.won": "yes",
    "project.level": "national",
    "project.supplier": "nscc-chengdu",
    "project.compute_cost": "1200万",
}


def asked(client: Client, clause: str, **headers: str) -> str:
    return text_of(client.get(f"/eligibility/{clause}", NATIONAL, headers=headers).content)


def test_the_published_case_is_answered_in_one_sentence(client: Client, sample_year) -> None:
    before = JournalLine.objects.count()
    words = asked(client, "project-national")
    assert "可申领最高 300.00 万元" in words
    assert "国家级项目奖励上限 3,000,000元 受此限制" in words
    assert "去申领" in words
    assert JournalLine.objects.count() == before


def test_a_condition_that_is_not_met_is_named_and_the_amount_is_not_promised(client: Client, sample_year) -> None:
    words = asked(client, "project-provincial")
    assert "暂不能申领" in words
    assert "不符合“省级项目”（项目级别为国家级）" in words
    assert "可申领最高" not in words
    assert "去申领" not in words


def test_open_questions_are_counted(client: Client, sample_year) -> None:
    words = text_of(client.get("/eligibility/project-national", {"project.won": "yes"}).content)
    assert "还有 3 项待填" in words
    assert "缺少事实" in words


@pytest.mark.parametrize(
    ("typed", "told"),
    [({"project.compute_cost": "很多"}, "项目算力成本"), ({"project.won": "maybe"}, "作为牵头单位申报成功")],
)
def test_what_is_typed_wrongly_is_named_by_its_field(client: Client, sample_year, typed, told) -> None:
    answer = client.get("/eligibility/project-national", NATIONAL | typed, headers={"HX-Request": "true"})
    words = text_of(answer.content)
    assert answer.status_code == 200
    assert "请先更正" in words
    assert told in words
    assert "<html" not in answer.content.decode()


def test_a_decision_by_hand_promises_no_amount(client: Client, sample_year) -> None:
    facts = {"centre.in_tianfu_start_area": "yes", "centre.industry_linked": "yes", "centre.fp16_pflops": "300"}
    words = text_of(client.get("/eligibility/large-centre", facts | {"centre.fixed_assets": "30亿"}).content)
    assert "符合条件，金额一事一议" in words
    short = text_of(client.get("/eligibility/large-centre", facts | {"centre.fixed_assets": "29.9亿"}).content)
    assert "固定资产投资不低于30亿元" in short
    assert "暂不能申领" in short


def test_what_a_city_has_not_published_is_said(client: Client, sample_year) -> None:
    words = text_of(client.get("/eligibility").content)
    assert "未公布，仅演示" in words
    assert "parameter." not in words


def test_there_is_no_such_clause(client: Client, sample_year) -> None:
    assert client.get("/eligibility/nothing").status_code == 404

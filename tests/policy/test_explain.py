"""A decision and a clause in plain words, both languages."""

from datetime import date

import pytest

from jiaozi.policy import rules

from .documents import CHENGDU

ON = date(2023, 6, 1)
PROJECT = {"id": "p-1", "won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "1200万"}


def lines(language, clause=None, *, allow_demo=True, **changes):
    decision = rules.decide(
        rules.load(CHENGDU),
        clause_id=clause,
        facts={"project": {**PROJECT, **changes}},
        counters={},
        on=ON,
        allow_demo=allow_demo,
    )
    return rules.explain(decision, language)


def test_grant_in_chinese_shows_facts_arithmetic_and_the_cap_that_binds():
    text = "\n".join(lines("zh", "project-national"))
    for part in (
        "同意 3,000,000.00 元 (算力券)",
        "✓ 国家级项目 (项目级别 = 国家级)",
        "比例 30%: 3,600,000.00",
        "国家级项目奖励上限 3,000,000元: 3,000,000.00，受此限制",
        "未公布、取演示值: effective_from",
    ):
        assert part in text


def test_refusal_in_english_gives_the_reason():
    text = "\n".join(lines("en", "project-national", supplier="elsewhere"))
    assert "✗ done with one of the two centres (centre that the project is done with = elsewhere)" in text
    assert "reason: not met: done with one of the two centres" in text


def test_clauses_without_their_facts_take_one_line():
    shown = lines("en")
    assert sum("its facts were not given" in line for line in shown) == 4


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_line_mixes_in_a_code(language):
    for line in lines(language, allow_demo=False):
        assert "None" not in line
        assert "Label(" not in line


def test_clause_in_plain_words_says_what_is_not_published():
    document = rules.load(CHENGDU)
    text = "\n".join(rules.describe(document, "general", "zh"))
    assert "申报的算力费用 × 未公布，演示值 50% (parameter.general_ratio)" in text
    assert "年度算力券总额 10,000,000元 (全项目, 每自然年, 按发放计)" in text
    assert "来源: 政策措施" in text
    assert "a person decides the amount" in "\n".join(rules.describe(document, "large-centre", "en"))
    assert "once: each person or team" in "\n".join(rules.describe(document, "talent", "en"))

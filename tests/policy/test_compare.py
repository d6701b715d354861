"""Two programmes side by side: what changed, for whom, and who gains."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jiaozi.cli.policy import app
from jiaozi.policy import rules
from jiaozi.policy.rules.comparing import Turn

from .documents import PROGRAMMES, small

CASES = "  - {clause: one, on: 2023-06-01, expect: refused}"
ON = date(2023, 6, 1)


def changes(**parts):
    before, after = rules.load(small(cases=CASES)), rules.load(small(cases=CASES, **parts))
    return {change.name: change for change in rules.compare(before, after)}


def test_same_document_has_no_changes():
    for path in PROGRAMMES:
        document = rules.load(path.read_text(encoding="utf-8"))
        assert rules.compare(document, document) == ()


def test_raised_and_lowered_figures_are_said_in_words():
    found = changes(ratio="40%", order_share="25%")
    assert set(found) == {"clauses/one/gives", "voucher/order_share"}
    assert (found["clauses/one/gives"].turn, found["voucher/order_share"].turn) == (Turn.RAISED, Turn.LOWERED)
    assert (
        found["voucher/order_share"].in_language("en") == "all holders · lowered voucher's share of an order: 50% → 25%"
    )
    assert (
        found["clauses/one/gives"].in_language("zh")
        == "符合“一”的申领主体 · 提高 给予: 算力券 · 费用 × 30% → 算力券 · 费用 × 40%"
    )


def test_condition_added_names_whom_it_touches():
    when = "      - {if: need.cost > 0u, zh: 有费用, en: it costs something}\n      - {if: need.ok, zh: 合格, en: ok}"
    (change,) = changes(when=when).values()
    assert (change.turn, change.in_language("en")) == (Turn.ADDED, "applicants under “one” · added condition: ok")


def test_cap_changed_shows_under_the_cap_and_its_clause():
    caps = "  claim: {zh: 单笔上限, en: cap per claim, amount: 200元, measures: issued, per: none, subject: claim}"
    assert {name: change.turn for name, change in changes(caps=caps).items()} == {
        "clauses/one/caps/claim": Turn.LOWERED,
        "caps/claim": Turn.LOWERED,
    }


def test_applicants_gain_lose_or_stay():
    before = rules.load(small(cases=CASES))
    after = rules.load(
        small(
            cases=CASES,
            ratio="20%",
            caps="  claim: {zh: 上限, en: cap, amount: 900元, measures: issued, per: none, subject: claim}",
        )
    )
    people = [
        (name, {"need": {"cost": cost, "unheard": 1}})
        for name, cost in (("low", "100元"), ("high", "1万"), ("none", "0元"))
    ]
    compared = [*rules.compare_applicants((before, ON), (after, ON), people, allow_demo=False)]
    assert [(one.applicant, one.effect) for one in compared] == [("low", "loses"), ("high", "gains"), ("none", "same")]
    assert rules.totals(compared) == {"gains": (1, 40_000), "loses": (1, -1000), "same": (1, 0)}


def typed(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def programme(name):
    return next(path for path in PROGRAMMES if path.name == f"{name}.yaml")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_diff_of_two_years_of_chengdu(language):
    done = typed("diff", programme("chengdu-2023"), programme("chengdu-2025"), "--lang", language)
    assert done.exit_code == 0, done.output
    raised = {"zh": "提高 上限: 年度算力券总额 10,000,000元", "en": "raised cap: the year's vouchers 10,000,000元"}
    assert raised[language] in done.output


def test_diff_with_applicants_as_json(tmp_path):
    purchase = {"fee": "100万", "through_service_organisation": True, "supplier": "nscc-chengdu"}
    project = {"id": "p", "won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "100万"}
    people = [{"applicant": {"id": "a-1"}, "purchase": purchase}, {"id": "p", "facts": {"project": project}}]
    file = tmp_path / "applicants.json"
    file.write_text(json.dumps(people), encoding="utf-8")
    words = ("diff", programme("chengdu-2023"), programme("chengdu-2025"), "--applicants", file, "--demo")
    told = json.loads(typed(*words, "--json").output)
    rows = [
        (row["applicant"], row["effect"], row["before"]["amount_fen"], row["after"]["amount_fen"])
        for row in told["applicants"]
    ]
    assert rows == [("a-1", "gains", 0, 60_000_000), ("p", "loses", 30_000_000, 0)]
    shown = typed(*words, "--lang", "en").output
    assert "gains: 1 · 600,000.00" in shown
    assert "loses: 1 · -300,000.00" in shown


def test_list_of_applicants_must_be_one(tmp_path):
    file = tmp_path / "applicants.json"
    file.write_text('{"a": 1}', encoding="utf-8")
    done = typed("diff", programme("beijing"), programme("beijing"), "--applicants", file, "--demo")
    assert "JSON list" in str(done.exception)


COLUMNS = (
    "id,applicant.id,purchase.fee,purchase.through_service_organisation,purchase.supplier,"
    "project.won,project.level,project.supplier,project.compute_cost"
)
CSV = f"""\ufeff{COLUMNS}
甲,a-1,100万,true,nscc-chengdu,,,,
乙,,,,,是,national,nscc-chengdu,100万
"""


def document(name):
    return rules.load(programme(name).read_text(encoding="utf-8"))


def test_diff_with_a_table_of_applicants(tmp_path):
    file = tmp_path / "applicants.csv"
    file.write_text(CSV, encoding="utf-8")
    people = rules.applicants_from_csv(CSV, [document("chengdu-2023"), document("chengdu-2025")])
    project = {"won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "100万"}
    assert people[1] == ("乙", {"project": project})
    words = ("diff", programme("chengdu-2023"), programme("chengdu-2025"), "--applicants", file, "--demo")
    told = json.loads(typed(*words, "--json").output)
    assert [(row["applicant"], row["effect"]) for row in told["applicants"]] == [("甲", "gains"), ("乙", "same")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "the first row must name facts"),
        ("id,name\n甲,乙\n", "the first row must name facts"),
        ("applicant.kind,aplicant.kind\n", "aplicant.kind: the programme declares no such fact"),
        ("applicant.kind,applicant.kind\n", "is there twice"),
        ("applicant.kind,order.amount\na\n", "line 2: it has 1 columns, the first row 2"),
        ("applicant.in_province\nmaybe\n", "line 2 applicant.in_province: 'maybe' must be true or false"),
        ('applicant.kind\n"FIRM', "no proper CSV"),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_line(text, line):
    with pytest.raises(rules.UnableToReadFacts) as refused:
        rules.applicants_from_csv(text, [document("guizhou-2026")])
    assert line in str(refused.value)


def test_cells_are_what_their_columns_declare():
    text = "order.services,order.amount,applicant.in_province\nmodel；data,12.5万,否\n[],,0\n"
    found = rules.applicants_from_csv(text, [document("guizhou-2026")])
    assert found == [
        ("#1", {"order": {"services": ["model", "data"], "amount": "12.5万"}, "applicant": {"in_province": False}}),
        ("#2", {"order": {"services": []}, "applicant": {"in_province": False}}),
    ]


def test_a_fact_that_neither_programme_knows_is_named(tmp_path):
    file = tmp_path / "applicants.json"
    file.write_text('[{"applicant": {"kind": "FIRM", "kindd": 1}}]', encoding="utf-8")
    done = typed("diff", programme("guizhou-2026"), programme("guizhou-2026"), "--applicants", file, "--demo")
    assert "#1 applicant.kindd: the programme declares no such fact; did you mean applicant.kind?" in str(
        done.exception
    )


@pytest.mark.parametrize(
    ("used", "line"),
    [
        ({"year": "999万"}, "granted 10,000.00 yuan"),
        ({"year/programme/langfang/2024": 1_000_000_000}, "is used up"),
        ({"yer": 1}, "there is no such cap; there is: year, holder_year"),
        ({"year": "much"}, "is no amount"),
        ({"once/arrival": 1}, "granted 750,000.00 yuan"),
        ([1], "a JSON object"),
    ],
)
def test_used_counters_bound_the_decision(tmp_path, used, line):
    document = rules.load(programme("langfang").read_text(encoding="utf-8"))
    facts, counters = tmp_path / "facts.json", tmp_path / "used.json"
    sample = {key: value for key, value in document.programme.samples["firm"].items() if key != "project"}
    facts.write_text(json.dumps(sample), encoding="utf-8")
    counters.write_text(json.dumps(used), encoding="utf-8")
    words = ("--clause", "general", "--on", "2024-06-01", "--demo", "--lang", "en")
    done = typed("decide", programme("langfang"), facts, *words, "--used", counters)
    assert line in f"{done.output}{done.exception}"


def test_schema_for_editors_is_the_committed_one():
    path = Path(__file__).parents[2] / "docs" / "reference" / "programme.schema.json"
    assert path.read_text(encoding="utf-8") == rules.editor_schema_text(), "run: jiaozi policy schema > " + path.name


def test_schema_for_editors_knows_words_keys_and_parameters():
    made = rules.editor_schema()
    cap = made["$defs"]["Cap"]
    assert cap["properties"]["measures"]["enum"] == ["issued", "held", "used", "redeemed", "paid"]
    assert {"measures", "per", "subject"} <= {*cap["required"]}
    assert cap["additionalProperties"] is False
    assert "from" in made["$defs"]["Effective"]["properties"]


def test_explain_as_json_names_what_is_not_published():
    told = json.loads(typed("explain", programme("yangzhou"), "--json").output)
    assert "ratio" in told["unpublished"]
    assert set(told["clauses"]) == {"order"}

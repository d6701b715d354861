"""The three commands, as they are typed."""

import json

import pytest
from typer.testing import CliRunner

from jiaozi.cli.policy import app
from jiaozi.kernel.refusal import Refused
from jiaozi.policy import rules

from .documents import PROGRAMMES, small

CHENGDU = str(next(path for path in PROGRAMMES if path.name == "chengdu-2023.yaml"))
FACTS = {"project": {"id": "p", "won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "1200万"}}


def typed(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def test_check_passes_every_programme():
    done = typed("check", *PROGRAMMES)
    assert done.exit_code == 0, done.output
    assert "67 cases" in done.output


def test_check_names_line_and_column_and_goes_on(file):
    bad = file("bad.yaml", small().replace("30%", "130%"))
    done = typed("check", bad, CHENGDU, "--lang", "en")
    assert done.exit_code == 1
    assert f"{bad}:44:21 clauses[0].amount.ratio: the ratio 130% is over 100%" in done.output
    assert "67 cases" in done.output


def test_check_places_a_failing_case(file):
    bad = file("bad.yaml", small().replace("expect: 30元", "expect: 31元"))
    done = typed("check", bad, "--lang", "en")
    assert done.exit_code == 1
    assert f"{bad}:48:5 cases[0] one → 31元: expected 31.00, got 30.00" in done.output


def test_check_of_a_missing_file_is_one_line():
    done = typed("check", "nowhere.yaml", "--lang", "en")
    assert (done.exit_code, done.output) == (1, "✗ nowhere.yaml: can't be read: No such file or directory\n")


def test_decide_explains(file):
    done = typed("decide", CHENGDU, file("facts.json", FACTS), "--on", "2023-06-01", "--demo", "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "granted 3,000,000.00 yuan (voucher)" in done.output


def test_decide_as_json_is_the_decision(file):
    done = typed(
        "decide",
        CHENGDU,
        file("facts.json", FACTS),
        "--clause",
        "project-national",
        "--on",
        "2023-06-01",
        "--demo",
        "--json",
    )
    decision = rules.Decision.from_json(json.loads(done.output))
    assert (decision.amount_fen, decision.chosen) == (300_000_000, "project-national")


def test_decimals_in_json_arrive_as_written(file):
    size = '"fp16_pflops": 299.9999999999, "fixed_assets": "30亿"'
    centre = f'{{"centre": {{"in_tianfu_start_area": true, "industry_linked": true, {size}}}}}'
    done = typed("decide", CHENGDU, file("facts.json", centre), "--on", "2023-06-01", "--demo", "--lang", "en")
    assert "✗ at least 300 PFLOPS FP16 (FP16 compute in PFLOPS = 299.9999999999)" in done.output


@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        ("{", [], "no proper JSON"),
        ('{"project": {"id": "a", "id": "b"}}', [], "given twice"),
        ('{"project": {"wn": true}}', [], "did you mean project.won?"),
        ("{}", ["--on", "2023-02-30"], "is no date"),
        ("{}", ["--clause", "none"], "no clause none"),
    ],
)
def test_wrong_input_is_refused(file, content, words, line):
    done = typed("decide", CHENGDU, file("facts.json", content), *words)
    assert isinstance(done.exception, Refused)
    assert line in str(done.exception)


@pytest.mark.parametrize(("language", "part"), [("zh", "未公布的参数"), ("en", "what is not published")])
def test_explain_lists_clauses_and_what_is_not_published(language, part):
    done = typed("explain", CHENGDU, "--lang", language)
    assert done.exit_code == 0
    assert part in done.output
    assert "large-centre" in done.output

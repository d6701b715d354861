"""A run from its file to its folder: the report stands alone, says what is a demo, and tells the same as the files."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from jiaozi.cli.lab import app
from jiaozi.kernel.fen import yuan
from jiaozi.lab import rules, services
from jiaozi.lab.services import playing

from .scenarios import CHENGDU_2025, PROGRAMMES, SAMPLES, small
from .test_demand import BY_TRACE, TRACE

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Run the sample that the documentation shows, on two seeds."""
    out = tmp_path_factory.mktemp("lab")
    steps = []
    scenario = SAMPLES / "chengdu-2023-against-2025.yaml"
    services.run(scenario=scenario, out=out, seeds=2, now=NOW, told=lambda *step: steps.append(step))
    assert steps[-1] == ("", 18, 18)
    return out


def page(folder) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_every_sample_is_clean():
    for path in sorted(SAMPLES.glob("*.yaml")):
        if "trace:" not in path.read_text(encoding="utf-8"):
            services.check(scenario=path)


def test_the_report_loads_nothing_from_elsewhere(folder):
    text = page(folder)
    text = text.replace(playing.ECHARTS.read_text(encoding="utf-8"), "")
    assert not re.search(r"https?://|//[a-z]+\.|@import|url\(|<link|<img|<iframe|\ssrc=", text)
    assert "default-src 'none'" in text
    assert len(text) < 400_000


def test_every_plot_has_its_table(folder):
    text = page(folder)
    for section in re.findall(r"<section.*?</section>", text, re.DOTALL):
        assert section.count('class="plot') <= section.count("<table>") + section.count('<table class="compare">')
    assert text.count('class="plot') == 7
    assert text.count("<caption>") == text.count("<table") > 8


def test_what_is_not_published_is_marked(folder):
    text = page(folder)
    for name in ("general_ratio", "general_holder_cap", "order_share", "suppliers.named", "general.when[3]"):
        assert f'<code>{name}</code> <span class="tag">未公布</span>' in text
    assert "演示假设 demo" in text
    assert "parameters.effective_from.demo" in text
    assert "2023-01-12" in text  # what stood there before the scenario changed it


def test_the_files_tell_the_same(folder):
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = [*csv.DictReader((folder / "summary.csv").open(encoding="utf-8"))]
    for version in result["versions"]:
        mine = {row["metric"]: row for row in rows if row["version"] == version["about"]["id"]}
        for name, band in version["metrics"].items():
            assert (int(mine[name]["low"]), int(mine[name]["high"])) == (band["low"], band["high"])
        assert version["pools"][0]["dry_ppm"] == 1_000_000
    weeks = [*csv.DictReader((folder / "weeks.csv").open(encoding="utf-8"))]
    first = [row for row in weeks if row["version"] == "y2023"]
    assert int(first[-1]["issued_median_fen"]) == 10**9
    assert first[1]["begins"] == "2023-01-08"
    assert result["decided_one_by_one"] == 0
    assert {path.name for path in folder.iterdir()} == {
        "report.html", "result.json", "summary.csv", "weeks.csv", "pools.csv", "groups.csv", "fates.csv", "reasons.csv",
    }  # fmt: skip


def written(tmp_path, **parts):
    (tmp_path / "chengdu-2025.yaml").write_text(CHENGDU_2025, encoding="utf-8")
    path = tmp_path / "small.yaml"
    path.write_text(small(**parts), encoding="utf-8")
    return path


def test_a_title_can_not_break_out_of_the_page(tmp_path):
    title = "{zh: '</script><script>alert(1)</script>', en: '<b>bold</b>'}"
    scenario = written(tmp_path, title=title, sizes="{small: {zh: '</script><i>', en: s}, large: {zh: 大, en: l}}")
    services.run(scenario=scenario, out=tmp_path / "out", seeds=1, now=NOW, told=lambda *_step: None)
    text = page(tmp_path / "out")
    assert "<script>alert" not in text
    assert "</script><i>" not in text
    assert "<b>bold" not in text


def test_the_command_runs_and_shows_the_comparison(tmp_path):
    done = CliRunner().invoke(app, ["run", str(written(tmp_path)), "--out", str(tmp_path / "out"), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert "public cost per core-hour" in done.output
    assert (tmp_path / "out" / "report.html").exists()


def test_the_command_names_a_bad_place_and_writes_nothing(tmp_path):
    scenario = written(tmp_path, years="0")
    done = CliRunner().invoke(app, ["run", str(scenario), "--out", str(tmp_path / "out"), "--lang", "en"])
    assert done.exit_code == 1
    assert f"{scenario}:4:8 years: must be 1 to 10" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"document": "nowhere.yaml"}, "document: .*nowhere.yaml: can't be read: No such file"),
        ({"facts": "      purchase.fees: {column: cost}"}, "purchase.fees: the programme declares no such fact"),
    ],
)
def test_checking_finds_what_running_would(tmp_path, parts, says):
    with pytest.raises(rules.UnableToReadScenario, match=says):
        services.check(scenario=written(tmp_path, **parts))


def test_a_document_that_is_broken_is_named_inside_the_scenario(tmp_path):
    scenario = written(tmp_path)
    (tmp_path / "chengdu-2025.yaml").write_text(
        CHENGDU_2025.replace("measures: issued", "measures: isued", 1), encoding="utf-8"
    )
    with pytest.raises(rules.UnableToReadScenario, match=r"chengdu-2025.yaml:\d+:\d+ caps.year.measures") as caught:
        services.check(scenario=scenario)
    assert caught.value.problems[0].path == "versions[0].document"


def test_without_demo_values_the_report_says_why_nothing_is_granted(tmp_path):
    scenario = written(tmp_path)
    scenario.write_text(
        scenario.read_text(encoding="utf-8").replace("demo: true\nyears", "demo: false\nyears"), encoding="utf-8"
    )
    result = services.run(scenario=scenario, out=tmp_path / "out", seeds=1, now=NOW, told=lambda *_step: None)
    assert result.versions[0].metrics["granted_fen"].high == 0
    assert "无一申领获得发放；最常见的理由：参数未公布" in page(tmp_path / "out")


def test_a_programme_without_a_pool_says_so(tmp_path):
    text = (PROGRAMMES / "beijing.yaml").read_text(encoding="utf-8")
    facts = """\
      applicant.id: {column: holder}
      applicant.registered_in_beijing: {column: served}
      applicant.legal_person: true
      applicant.sector: SOFTWARE
      applicant.sound_finance: true
      applicant.dishonesty_dates: []
      contract.id: {column: application}
      contract.signed: {column: day}
      contract.from: {column: day}
      contract.to: {column: day, plus_days: 300}
      contract.amount: {column: cost}
      contract.excluded: 0元
      contract.steps_to_supplier: 0
      contract.other_municipal_support: false"""
    scenario = written(tmp_path, change="{parameters.related_depth.demo: 2}", facts=facts)
    (tmp_path / "chengdu-2025.yaml").write_text(text, encoding="utf-8")
    result = services.run(scenario=scenario, out=tmp_path / "out", seeds=2, now=NOW, told=lambda *_step: None)
    assert result.versions[0].pools == ()
    assert result.versions[0].metrics["granted_fen"].median > 0
    assert "没有可列的年度总额" in page(tmp_path / "out")


def test_a_pool_that_runs_dry_in_some_seeds_says_in_how_many(tmp_path):
    def play(year: str) -> rules.Result:
        change = f"{{parameters.effective_from.demo: 2025-01-01, caps.year.amount: {year}元}}"
        scenario = written(tmp_path, change=change, seeds="{count: 12}")
        return services.run(scenario=scenario, out=tmp_path / "out", seeds=None, now=NOW, told=lambda *_step: None)

    due = play("9000000000").versions[0].metrics["granted_fen"]
    assert due.low < due.median < due.high
    [pool] = play(yuan(due.median).replace(",", "")).versions[0].pools
    assert 0 < pool.dry_ppm < 1_000_000
    assert "的种子如此）" in page(tmp_path / "out")


def test_a_bad_line_of_a_file_is_named_with_the_file(tmp_path):
    demand = "  file: {path: p.csv, first: 2025-01-01, date: on, holder: who, cost: need, attributes: [served]}"
    (tmp_path / "p.csv").write_text("on,who,need,served\n2025-01-05,a,lots,true\n", encoding="utf-8")
    scenario = written(tmp_path, demand=demand)
    with pytest.raises(rules.UnableToReadScenario, match=r"p.csv: line 2, need: 'lots' is no amount"):
        services.check(scenario=scenario)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("1 0 0 x 4\n", r"t.swf:1: field 4 \(run\) must be a whole number, not 'x'"),
        ("; nothing\n", "t.swf: no job in it ran"),
        ("1 0 0 0 4 -1 -1 4 -1 -1 0 9 1 1 1 -1 -1 -1\n", "t.swf: no job in it ran"),
    ],
)
def test_a_trace_that_can_not_be_used_is_named(tmp_path, lines, says):
    (tmp_path / "t.swf").write_text(lines, encoding="utf-8")
    with pytest.raises(rules.UnableToReadScenario, match=says):
        services.check(scenario=written(tmp_path, **BY_TRACE))


def test_a_trace_is_played(tmp_path):
    (tmp_path / "t.swf").write_text(TRACE, encoding="utf-8")
    facts = """\
      applicant.id: {column: holder}
      purchase.fee: {column: cost}
      purchase.through_service_organisation: true
      purchase.supplier: nscc-chengdu"""
    scenario = written(tmp_path, **BY_TRACE, facts=facts)
    result = services.run(scenario=scenario, out=tmp_path / "out", seeds=3, now=NOW, told=lambda *_step: None)
    metrics = result.versions[0].metrics
    assert metrics["granted_fen"].median > metrics["used_fen"].median - 1 > 0
    assert metrics["holders"].median == 40


def test_rows_decided_one_by_one_are_told(tmp_path):
    scenario = written(tmp_path)
    condition = "      - {if: \"'x' + applicant.id != 'xy'\", zh: 拼, en: joined}\n      - {if: purchase.through_"
    text = CHENGDU_2025.replace("      - {if: purchase.through_", condition, 1)
    (tmp_path / "chengdu-2025.yaml").write_text(text, encoding="utf-8")
    result = services.run(scenario=scenario, out=tmp_path / "out", seeds=1, now=NOW, told=lambda *_step: None)
    assert result.slow == result.decisions > 0
    shown = " ".join(page(tmp_path / "out").split())
    assert f"{result.decisions:,} 次决定中 {result.slow:,} 次（100.0%）逐件决定" in shown


def test_more_seeds_than_there_may_be_are_refused(tmp_path):
    with pytest.raises(services.UnableToRun, match="--seeds: must be 1 to 1000"):
        services.run(scenario=written(tmp_path), out=tmp_path, seeds=0, now=NOW, told=lambda *_step: None)

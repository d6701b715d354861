"""``jiaozi usage import``: one clear line for each mistake, a table for what was done."""

import gzip
from contextlib import nullcontext
from uuid import UUID

import pytest
from typer.testing import CliRunner

from jiaozi.cli import usage
from jiaozi.cli.usage import importing, ruling
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, Ruling, UsageDispute, UsageRow
from tests.metering.test_import import line
from tests.world import CENTRE, PROGRAMME


@pytest.fixture
def run(scene, monkeypatch, tmp_path):
    for module in (importing, ruling):
        monkeypatch.setattr(module, "opened", nullcontext)
    monkeypatch.setattr(importing.clock, "now", lambda: scene.now)
    monkeypatch.chdir(tmp_path)

    def run(*words, lines=None, packed=False):
        if lines is not None:
            content = "\n".join(lines).encode()
            (tmp_path / "t.swf").write_bytes(gzip.compress(content) if packed else content)
        options = ["--centre", CENTRE, "--programme", PROGRAMME]
        return CliRunner().invoke(usage.app, ["import", "t.swf", *options, *words])

    return run


@pytest.mark.parametrize("packed", [False, True])
def test_shows_what_became_of_the_jobs(run, packed):
    shown = run("--spread", lines=[line(1), line(2, run=0)], packed=packed)
    assert shown.exit_code == 0, shown.output
    assert "ELAPSED_NOT_POSITIVE" in shown.output
    assert "0.30" in shown.output
    assert Capture.objects.count() == 1


def test_each_bad_line_is_named_and_nothing_is_stored(run):
    shown = run("--spread", "--lang", "en", lines=[line(1), "x", "y z"])
    assert shown.exit_code == 1
    assert "t.swf:2: field 1 (job)" in shown.output
    assert "t.swf:3: field 1 (job)" in shown.output
    assert not UsageRow.objects.exists()


def test_accounts_come_from_a_map(run, scene, tmp_path):
    (tmp_path / "map.yaml").write_text(f"1: {scene.voucher.id}\n")
    shown = run("--accounts", "map.yaml", lines=[line(1), line(2, user=9)])
    assert shown.exit_code == 0, shown.output
    assert "ACCOUNT_UNKNOWN" in shown.output


@pytest.mark.parametrize(
    ("words", "content", "code"),
    [
        ([], "", "ACCOUNTS_MISSING"),
        (["--spread", "--accounts", "map.yaml"], "", "ACCOUNTS_MISSING"),
        (["--accounts", "none.yaml"], "", "FILE_UNREADABLE"),
        (["--accounts", "map.yaml"], "a: [", "NO_YAML"),
        (["--accounts", "map.yaml"], "just text", "NO_MAP"),
        (["--accounts", "map.yaml"], "1: voucher", "NO_VOUCHER_ID"),
        (["--spread", "--format", "xml"], "", "FORMAT_UNKNOWN"),
        (["--spread", "--classes", "map.yaml"], "work: [5]", "NO_CLASS"),
        (["--spread", "--format", "csv"], "", "HEADER_WRONG"),
        (["--spread", "--centre", "nowhere"], "", "NO_SUCH_CENTRE"),
        (["--spread", "--programme", "nowhere"], "", "NO_VOUCHER"),
    ],
)
def test_wrong_words_get_one_clear_line(run, tmp_path, words, content, code):
    (tmp_path / "map.yaml").write_text(content)
    shown = run(*words, lines=[line(1)])
    assert shown.exit_code == 1
    assert shown.exception.reason.code == code
    assert not UsageRow.objects.exists()


def test_broken_archive_and_missing_file(run, tmp_path):
    assert run("--spread").exception.reason.code == "FILE_UNREADABLE"
    (tmp_path / "t.swf").write_bytes(gzip.compress(b"x" * 1000)[:20])
    assert run("--spread").exception.reason.code == "FILE_UNREADABLE"


# what people decide about what stands still


@pytest.fixture
def say(run, scene):
    def say(*words):
        return CliRunner().invoke(usage.app, [str(word) for word in words], env={"COLUMNS": "400"})

    return say


def held():
    return UsageRow.objects.get(state="HELD_BACK")


AS = ("--reason", "核对后裁定", "--as")


def test_what_stands_still_is_listed_with_its_reason(scene, run, say):
    run("--spread", lines=[line(1, processors=0, requested=-1)])
    run("--spread", lines=[line(1)])
    row = scene.end(scene.started())
    shown = say("list", "--centre", CENTRE, "--lang", "en").output
    assert all(each in shown for each in ("UNITS_NOT_POSITIVE", str(held().id), "units=2", str(row.id)))
    assert str(row.id) not in say("list", "--centre", CENTRE, "--held-back").output
    assert say("list", "--centre", "nowhere").exception.reason.code == "NO_SUCH_CENTRE"


def test_a_held_back_record_is_rated_again_and_a_dispute_resolved(scene, run, say):
    run("--spread", lines=[line(1, processors=0, requested=-1)])
    run("--spread", lines=[line(1)])
    dispute = UsageDispute.objects.get()
    assert say("resolve", dispute.id, "--accept", "both", *AS, "officer:li").exception.reason.code == "SIDE"
    assert say("resolve", dispute.id, "--accept", "new", *AS, "officer:li").exit_code == 0
    shown = say("retry", held().id, "--voucher", scene.voucher.id, *AS, "operator:chen")
    assert "CAPTURED" in shown.output
    assert list(Ruling.objects.order_by("at").values_list("verb", "by")) == [
        ("RESOLVE", "officer:li"),
        ("RETRY", "operator:chen"),
    ]


def test_doubts_are_accepted_late_use_charged_and_what_never_came_waived(scene, say):
    doubted = scene.started(units=2, seconds=7200)
    scene.engine().records.append(scene.record(doubted, units=3))
    scene.end(doubted)
    scene.collect()
    assert "CAPTURED" in say("accept", held().id, *AS, "officer:li").output
    late = scene.record(doubted, name="-late")
    metering.receive(centre=CENTRE, records=[late], source="push", now=scene.now)
    assert "CAPTURED" in say("charge-late", held().id, *AS, "officer:li").output
    gone = scene.end(scene.started())
    assert say("waive", "--order", gone.id, *AS, f"centre:wu@{CENTRE}").exit_code == 0
    assert Ruling.objects.count() == 3


@pytest.mark.parametrize("said", ["li", "officer:", "king:li", "centre:wu", "officer:li@x", "officer:" + "x" * 99])
def test_somebody_must_be_named(say, said):
    assert say("waive", UUID(int=1), *AS, said).exception.reason.code == "NOBODY"


def test_a_waiver_names_one_thing(say):
    assert say("waive", *AS, "officer:li").exception.reason.code == "WHAT"

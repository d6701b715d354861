"""``jiaozi usage import``: one clear line for each mistake, a table for what was done."""

import gzip
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from jiaozi.cli import usage
from jiaozi.metering.models import Capture, UsageRow
from tests.metering.test_import import line
from tests.world import CENTRE, PROGRAMME


@pytest.fixture
def run(scene, monkeypatch, tmp_path):
    monkeypatch.setattr(usage, "opened", nullcontext)
    monkeypatch.setattr(usage.clock, "now", lambda: scene.now)
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
        (["--spread", "--format", "csv"], "", "FORMAT_UNKNOWN"),
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

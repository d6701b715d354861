"""The walk-through leads from an empty file to a decided case: its blocks are run as they stand."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jiaozi.cli.policy import app
from jiaozi.policy import rules

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "write-your-city.md").read_text(encoding="utf-8")
FILES = re.findall(r"```\w+ file=(\S+)\n(.*?)```", GUIDE, re.DOTALL)
CONSOLES = re.findall(r"```console\n\$ jiaozi policy (.*?)\n(.*?)```", GUIDE, re.DOTALL)


FOUNDED = "\"applicant.kind == 'FIRM' && applicant.founded > months(on, -36)\""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES:
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("command", "shown"), CONSOLES, ids=[command.split()[0] for command, _ in CONSOLES])
def test_command_prints_what_the_guide_shows(folder, command, shown):
    done = CliRunner().invoke(app, shlex.split(command))
    assert done.exit_code == 0, done.output
    for line in shown.splitlines():
        assert line in done.output


@pytest.mark.parametrize(
    ("wrong", "right", "line"),
    [
        ("ratio: 40%", "ratio: 140%", "is over 100%"),
        ("measures: issued, ", "", "write one of: issued, held"),
        ("above: 10万", "from: 10万", "overlap"),
        (FOUNDED, FOUNDED.strip('"'), "a text with a comma needs quotes"),
    ],
)
def test_mistakes_that_the_guide_names_are_placed(folder, wrong, right, line):
    text = (folder / "linjiang.yaml").read_text(encoding="utf-8")
    with pytest.raises(rules.UnableToReadProgramme) as caught:
        rules.load(text.replace(wrong, right, 1))
    assert line in caught.value.problems[0].en
    assert caught.value.problems[0].line > 1

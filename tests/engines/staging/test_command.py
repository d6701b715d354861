"""``jiaozi data``: a movement from the command line, and the list of movements."""

import hashlib
import json

import pytest
from typer.testing import CliRunner

from jiaozi.cli.data import app
from jiaozi.kernel.refusal import Refused

runner = CliRunner()


@pytest.fixture
def given(tmp_path, data):
    def write(**changed):
        path = tmp_path / "staging.json"
        path.write_text(json.dumps({"roots": [f"file://{data}"], "spool": str(tmp_path / "spool"), **changed}))
        return str(path)

    return write


def test_move_and_list(given, data):
    (data / "a").write_bytes(b"abc")
    words = ["move", f"file://{data}/a", f"file://{data}/b", "--options", given()]
    first = runner.invoke(app, [*words, "--json"])
    told = json.loads(first.output)
    assert (told["size"], told["sha256"]) == (3, hashlib.sha256(b"abc").hexdigest())
    assert told["direction"] == "IN"
    again = runner.invoke(app, [*words, "--json"])
    assert json.loads(again.output) == told
    assert "3 bytes" in runner.invoke(app, words).output
    listed = runner.invoke(app, ["list", "--options", given()]).output.splitlines()
    assert json.loads(listed[0]) == told
    assert json.loads(listed[1])["more"] is False


@pytest.mark.parametrize(
    "changed", [{"spool": 1}, {"roots": "x"}, {"colour": 1}, {"piece_bytes": True}, {"access": []}], ids=str
)
def test_wrong_options_are_named(given, data, changed):
    done = runner.invoke(app, ["list", "--options", given(**changed)])
    assert isinstance(done.exception, Refused)
    assert "staging.json" in str(done.exception)


def test_no_options_at_all(tmp_path):
    done = runner.invoke(app, ["list", "--options", str(tmp_path / "none")])
    assert isinstance(done.exception, Refused)

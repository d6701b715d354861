"""Tables of the reference that name tests, clauses and verbs: none names what is not there."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from jiaozi.alert.rules import AlertKind

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
DOCUMENTS = {
    **{path.stem: path for path in (ROOT / "programmes").glob("*.yaml")},
    **{f"unseen/{path.stem}": path for path in (ROOT / "tests" / "policy" / "unseen").glob("*.yaml")},
}
_CODE = re.compile(r"`([^`]+)`")


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the table whose heading this is."""
    lines = (REFERENCE / page).read_text(encoding="utf-8").splitlines()
    begin = lines.index(heading) + 2
    end = next(place for place in range(begin, len(lines)) if not lines[place].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[begin:end]]


RULES = table("programme.md", "| # | rule | said with | example | decided by |")
CHECKS = table("alerts.md", "| kind | suspects | found by | then stops | test |")


def functions_of(path: str) -> set[str]:
    """Every test of a file, by its own name and by that of its class."""
    file = ROOT / path
    if not file.is_file():
        return set()
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        names = {each.name for each in inner if isinstance(each, ast.FunctionDef) and each.name.startswith("test")}
        found |= names | ({f"{node.name}::{name}" for name in names} if isinstance(node, ast.ClassDef) else set())
    return found


def read(document: str) -> dict:
    return YAML(typ="safe").load(DOCUMENTS[document].read_text(encoding="utf-8"))


def missing(name: str) -> str:
    """Say what a name stands for that is not there; nothing where it is."""
    if "::" in name:
        path, _, test = name.partition("::")
        found = functions_of(path)
        return "" if test in found else name
    document, _, title = name.partition(": ")
    key = document if document in DOCUMENTS else f"unseen/{document}"
    return "" if key in DOCUMENTS and title in titles(key) else name


def titles(document: str) -> set[str]:
    found = set()
    for case in read(document)["cases"]:
        title = case.get("title", "")
        found.add(title if isinstance(title, str) else f"{title['zh']} {title['en']}")
    return found


def test_the_table_has_all_thirty_rules():
    assert [int(number) for number, *_ in RULES] == list(range(1, 31))


@pytest.mark.parametrize("row", RULES, ids=[row[1] for row in RULES])
def test_a_rule_has_a_document_that_says_it_and_something_that_decides_it(row):
    _, _, _, example, decided = row
    document, _, path = _CODE.search(example).group(1).partition(" ")
    here = read(document)
    for step in path.split("."):
        here = next((each for each in here if each["id"] == step), None) if isinstance(here, list) else here.get(step)
        assert here is not None, f"{document} has no {path}"
    names = _CODE.findall(decided)
    assert names
    assert [missing(name) for name in names if missing(name)] == []


@pytest.mark.parametrize("row", CHECKS, ids=[_CODE.search(row[0]).group(1) for row in CHECKS])
def test_a_check_is_run_by_verbs_that_there_are_and_tested(row):
    _, _, found_by, stops, tests = row
    for verb in _CODE.findall(found_by) + _CODE.findall(stops):
        room, _, name = verb.partition(".")
        assert hasattr(importlib.import_module(f"jiaozi.{room}.services"), name), verb
    names = _CODE.findall(tests)
    assert names
    assert [missing(name) for name in names if missing(name)] == []


def test_every_kind_of_alert_has_its_row():
    assert [_CODE.search(row[0]).group(1) for row in CHECKS] == [kind.value for kind in AlertKind]


def test_a_name_that_is_not_there_is_missed():
    assert missing("tests/policy/test_pieces.py::test_nothing_of_this_name")
    assert missing("beijing: no such case")
    assert missing("tests/nowhere.py::test_nothing")

"""A file of applicants, to be decided one by one: a JSON list of facts, or a CSV table with a column for each fact.

In CSV every cell is text and its column's declaration says what it means; an empty cell is a fact that is not given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.facts import unknown
from jiaozi.policy.rules.parts import Fact
from jiaozi.policy.rules.problems import UnableToReadFacts
from jiaozi.policy.rules.words import Kind

APPLICANTS_MAX = 100_000
NAME_COLUMN = "id"
Applicant = tuple[str, Mapping[str, Any]]

_TRUE, _FALSE = frozenset({"true", "是", "1"}), frozenset({"false", "否", "0"})
_SEPARATORS = str.maketrans("；、", ";;")


def applicants_from_csv(text: str, documents: Iterable[Document]) -> list[Applicant]:
    """Read a table: the first row names facts (``applicant.id``), and ``id`` an applicant's name where there is one.

    Raises
    ------
    UnableToReadFacts
        Naming the line and column: a fact that no document declares, a row of another length, a cell that is no
        truth, whole number or list.
    """
    declared = {name: fact for document in documents for name, fact in document.programme.facts.items()}
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        _check_header(header, declared)
        return [
            _applicant(rows.line_num, header, row, declared)
            for number, row in enumerate(rows)
            if any(row) and _few(number)
        ]
    except csv.Error as wrong:
        raise _refused("APPLICANTS_NO_TABLE", f"不是合格的 CSV：{wrong}", f"no proper CSV: {wrong}", "CSV") from wrong


def applicants_from_json(rows: Any, documents: Iterable[Document]) -> list[Applicant]:
    """Read a list of facts, or of ``{"id": …, "facts": {…}}``; one without a name is numbered.

    Raises
    ------
    UnableToReadFacts
        When it is no such list, or names a fact that no document declares.
    """
    rows = rows.get("applicants") if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _refused("APPLICANTS_NO_LIST", "须为事实的 JSON 列表", "must be a JSON list of facts", "JSON")
    _few(len(rows) - 1)
    declared = {name: fact for document in documents for name, fact in document.programme.facts.items()}
    found = []
    for number, row in enumerate(rows, start=1):
        facts = row["facts"] if isinstance(row.get("facts"), dict) else row
        _check_declared(number, facts, declared)
        found.append((_name(row.get("id"), facts, number), facts))
    return found


def _few(index: int) -> bool:
    if index >= APPLICANTS_MAX:
        raise _refused(
            "APPLICANTS_TOO_MANY",
            f"超过 {APPLICANTS_MAX} 个申领主体",
            f"more than {APPLICANTS_MAX} applicants",
            "applicants",
        )
    return True


def _check_header(header: Sequence[str], declared: Mapping[str, Fact]) -> None:
    if not any(name in declared for name in header):
        there = ", ".join([*declared][:5])
        raise _refused(
            "APPLICANTS_NO_TABLE",
            f"第一行须为事实名，如 {there}",
            f"the first row must name facts, such as {there}",
            "line 1",
        )
    for place, name in enumerate(header):
        if name in header[:place]:
            raise _refused("FACT_TWICE", f"列 {name} 出现两次", f"the column {name} is there twice", "line 1")
        if name != NAME_COLUMN and name not in declared:
            raise UnableToReadFacts([unknown(name, declared)])


def _check_declared(number: int, facts: Mapping[str, Any], declared: Mapping[str, Fact]) -> None:
    """Name a fact that no document knows: left out in silence it would decide nothing."""
    for group, inner in facts.items():
        names = [f"{group}.{field}" for field in inner] if isinstance(inner, Mapping) else [group]
        for name in names:
            if name not in declared and name != NAME_COLUMN:
                wrong = unknown(str(name), declared)
                raise UnableToReadFacts([Reason(wrong.code, wrong.label, f"#{number} {wrong.field}")])


def _applicant(line: int, header: Sequence[str], row: Sequence[str], declared: Mapping[str, Fact]) -> Applicant:
    if len(row) != len(header):
        raise _refused(
            "APPLICANTS_NO_TABLE",
            f"有 {len(row)} 列，第一行有 {len(header)} 列",
            f"it has {len(row)} columns, the first row {len(header)}",
            f"line {line}",
        )
    facts: dict[str, Any] = {}
    for name, cell in zip(header, row, strict=True):
        if name == NAME_COLUMN or not cell.strip():
            continue
        group, _, own = name.partition(".")
        facts.setdefault(group, {})[own] = _typed(line, name, cell.strip(), declared[name].kind)
    named = dict(zip(header, row, strict=True)).get(NAME_COLUMN, "").strip()
    return _name(named, facts, line - 1), facts


def _name(own: Any, facts: Mapping[str, Any], number: int) -> str:
    group = facts.get("applicant")
    known = group.get("id") if isinstance(group, Mapping) else None
    return str(own or known or f"#{number}")


def _typed(line: int, name: str, cell: str, kind: Kind) -> Any:
    if kind is Kind.BOOL:
        if cell.lower() in _TRUE | _FALSE:
            return cell.lower() in _TRUE
        raise _refused("FACT_MISTYPED", f"{cell[:40]!r} 须为 true 或 false", f"{cell[:40]!r} must be true or false",
                       f"line {line} {name}")  # fmt: skip
    if kind is Kind.INT:
        if cell.removeprefix("-").isdecimal():
            return int(cell) if len(cell) < len(str(2**63)) else 2**63
        raise _refused("FACT_MISTYPED", f"{cell[:40]!r} 须为整数", f"{cell[:40]!r} must be a whole number",
                       f"line {line} {name}")  # fmt: skip
    if kind in {Kind.LIST, Kind.DATES}:
        items = [] if cell == "[]" else cell.translate(_SEPARATORS).split(";")
        return [item.strip() for item in items if item.strip()]
    return cell


def _refused(code: str, zh: str, en: str, field: str) -> UnableToReadFacts:
    return UnableToReadFacts([Reason(code, Label(zh, en), field)])

"""Demand from a CSV file of past applications; each seed draws the file's holders anew."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from jiaozi.kernel.refusal import Refused
from jiaozi.lab.rules.demand import DAYS_OF_A_YEAR, Demand, in_order, purchases, sized
from jiaozi.lab.rules.drawing import drawn
from jiaozi.lab.rules.scenario import FromFile, Scenario, Use
from jiaozi.policy.rules.figures import Unreadable, read_date, read_money
from jiaozi.policy.rules.many import Column, Ints
from jiaozi.policy.rules.words import Kind

ROWS_MAX = 2_000_000


class UnableToReadApplications(Refused):
    """A file of past applications that can't be read: which line, which column, what would be right."""


@dataclass(frozen=True, slots=True)
class Past:
    """Past applications as columns; ``day`` counts from the day that the scenario calls the first."""

    day: Ints
    holder: Ints
    holders: int
    kind: Ints
    size: Ints | None
    cost_fen: Ints
    attributes: Mapping[str, Column]


def read_applications(scenario: Scenario, file: FromFile, text: str) -> Past:
    """Read the file.

    Raises
    ------
    UnableToReadApplications
        Naming line and column.
    """
    lines = csv.DictReader(io.StringIO(text))
    there = lines.fieldnames or []
    wanted = [file.date, file.holder, file.cost, *file.attributes, *filter(None, (file.kind, file.size))]
    for name in wanted:
        if name not in there:
            known = ", ".join(there) or "—"
            raise _wrong(1, name, f"没有此列，现有：{known}", f"there is no such column; there is: {known}")
    rows = [*_rows(scenario, file, lines)]
    if not rows:
        raise _wrong(2, file.date, "没有申领", "there is no application")
    holders = {name: number for number, name in enumerate(dict.fromkeys(row[1] for row in rows))}
    attributes = {}
    for place, name in enumerate(file.attributes):
        words = [*dict.fromkeys(row[5][place] for row in rows)]
        number = {word: code for code, word in enumerate(words)}
        codes = np.array([number[row[5][place]] for row in rows], dtype=np.int64)
        if {*words} <= {"true", "false"}:
            attributes[name] = Column(Kind.BOOL, np.array([word == "true" for word in words])[codes])
        else:
            attributes[name] = Column(Kind.TEXT, codes, words)
    return Past(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([holders[row[1]] for row in rows], dtype=np.int64),
        len(holders),
        np.array([row[2] for row in rows], dtype=np.int64),
        None if file.size is None else np.array([row[3] for row in rows], dtype=np.int64),
        np.array([row[4] for row in rows], dtype=np.int64),
        attributes,
    )


_Row = tuple[int, str, int, int, int, tuple[str, ...]]


def _rows(scenario: Scenario, file: FromFile, lines: csv.DictReader[str]) -> Iterator[_Row]:
    classes, sizes = [*scenario.classes], [*scenario.sizes]
    for count, row in enumerate(lines):
        line = lines.line_num
        if count >= ROWS_MAX:
            raise _wrong(line, file.date, f"超过 {ROWS_MAX} 行", f"more than {ROWS_MAX} rows")
        if None in row.values():
            raise _wrong(line, file.date, "此行列数不足", "this line has too few fields")
        day = (_day(line, file.date, row[file.date]) - file.first).days
        if not 0 <= day < scenario.years * DAYS_OF_A_YEAR:
            continue
        kind = _place(line, file.kind, row, classes) if file.kind else 0
        size = _place(line, file.size, row, sizes) if file.size else 0
        try:
            cost_fen = read_money(row[file.cost].strip())
        except Unreadable as wrong:
            raise _wrong(line, file.cost, wrong.zh, wrong.en) from wrong
        yield day, row[file.holder], kind, size, cost_fen, tuple(row[name] for name in file.attributes)


def _day(line: int, name: str, text: str) -> date:
    try:
        return read_date(text.strip())
    except Unreadable as wrong:
        raise _wrong(line, name, wrong.zh, wrong.en) from wrong


def _place(line: int, name: str, row: Mapping[str, str], there: list[str]) -> int:
    word = row[name].strip()
    if word not in there:
        known = ", ".join(there)
        raise _wrong(line, name, f"{word!r} 不在 {known} 之中", f"{word!r} is none of {known}")
    return there.index(word)


def _wrong(line: int, name: str, zh: str, en: str) -> UnableToReadApplications:
    return UnableToReadApplications("APPLICATIONS_UNREADABLE", zh, en, field=f"line {line}, {name}")


def from_past(scenario: Scenario, past: Past, use: Use, seed: int) -> Demand:
    """Draw a demand: as many holders as there were, out of those that there were."""
    chance = np.random.default_rng(seed)
    rows, holder = drawn(chance, past.holder, past.holders, past.holders)
    cost_fen = past.cost_fen[rows]
    bought_fen, bought_after = purchases(chance, use, cost_fen)
    size = sized(scenario, holder, cost_fen, past.holders) if past.size is None else past.size[rows]
    attributes = {
        name: Column(one.kind, one.values[rows], one.words, one.given) for name, one in past.attributes.items()
    }
    day, kind = past.day[rows], past.kind[rows]
    return in_order(Demand(day, holder, past.holders, kind, size, cost_fen, bought_fen, bought_after, attributes))

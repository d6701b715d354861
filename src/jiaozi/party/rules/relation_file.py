"""A file of relations: CSV with one tie a line, organisations named by their unified social credit codes.

Columns: ``kind, one, other, share_percent, since, until, source, detail``; every wrong line is named.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date

from jiaozi.party.rules.relation import RelationKind, UnableToRelate

COLUMNS = ("kind", "one", "other", "share_percent", "since", "until", "source", "detail")
LINES_MAX = 10_000
TEXT_MAX = 4_000_000
_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?%?")


@dataclass(frozen=True, slots=True)
class RelationLine:
    """One line of the file: the codes are not looked up yet."""

    number: int
    kind: RelationKind
    one: str
    other: str
    share_bp: int | None
    since: date
    until: date | None
    source: str
    detail: str


def at_line(number: int, wrong: UnableToRelate) -> UnableToRelate:
    """Say the same refusal with the line it stands on."""
    label = wrong.reason.label
    return UnableToRelate(
        wrong.reason.code,
        f"第{number}行：{label.zh}",
        f"line {number}: {label.en}",
        field=wrong.reason.field,
    )


def read_relations(text: str) -> tuple[RelationLine, ...]:
    """Read a whole file, or refuse it at its first wrong line.

    Raises
    ------
    UnableToRelate
        Naming line and column.
    """
    if len(text) > TEXT_MAX:
        raise UnableToRelate("FILE_TOO_LARGE", "文件过大，请分批导入", "the file is too large; split it", field="file")
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    lines: list[RelationLine] = []
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            wanted = ",".join(COLUMNS)
            raise UnableToRelate(
                "COLUMNS_WRONG", f"首行须为：{wanted}", f"the first line must be {wanted}", field="file"
            )
        for row in reader:
            if len(lines) >= LINES_MAX:
                raise UnableToRelate(
                    "TOO_MANY_LINES",
                    f"一次最多{LINES_MAX}行，请分批导入",
                    f"at most {LINES_MAX} lines at once; split the file",
                    field="file",
                )
            lines.append(_line(reader.line_num, row))
    except csv.Error as wrong:
        raise UnableToRelate(
            "NOT_CSV", f"第{reader.line_num}行不是有效的CSV", f"line {reader.line_num} is no CSV: {wrong}", field="file"
        ) from None
    return tuple(lines)


def _line(number: int, row: dict[str, str]) -> RelationLine:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row or any(row.get(name) is None for name in COLUMNS):
        wanted = len(COLUMNS)
        raise at_line(number, UnableToRelate("CELLS_WRONG", f"须有{wanted}列", f"it must have {wanted} cells"))
    return RelationLine(
        number=number,
        kind=_kind(number, cells["kind"]),
        one=cells["one"].upper(),
        other=cells["other"].upper(),
        share_bp=_share(number, cells["share_percent"]),
        since=_day(number, "since", cells["since"]),
        until=_day(number, "until", cells["until"]) if cells["until"] else None,
        source=cells["source"],
        detail=cells["detail"],
    )


def _kind(number: int, word: str) -> RelationKind:
    try:
        return RelationKind(word.upper())
    except ValueError:
        there = "、".join(RelationKind)
        zh, en = f"类型须为{there}之一", f"the kind must be one of {there.replace('、', ', ')}"
        raise at_line(number, UnableToRelate("KIND_UNKNOWN", zh, en, field="kind")) from None


def _share(number: int, word: str) -> int | None:
    if not word:
        return None
    found = _PERCENT.fullmatch(word)
    if not found:
        zh, en = "持股比例须如60或33.33", "a share is written like 60 or 33.33"
        raise at_line(number, UnableToRelate("SHARE_NOT_A_NUMBER", zh, en, field="share_percent"))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _day(number: int, column: str, word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        zh, en = "日期须如2026-01-31", "a date is written like 2026-01-31"
        raise at_line(number, UnableToRelate("NOT_A_DATE", zh, en, field=column)) from None

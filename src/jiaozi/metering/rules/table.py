"""A table of comma-separated values (RFC 4180): its header by name, its cells by type; every mistake has its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from jiaozi.metering.rules.admitting import UnableToImport
from jiaozi.metering.rules.entry import EPOCH, INSTANT_MAX_MS, MS, BadLine, Contents, Entry, Unreadable, at_most
from jiaozi.metering.rules.words import is_clean, shown

Row = Mapping[str, str]
COLUMNS_MAX = 500
_DECIMAL = re.compile(r"[+-]?\d{1,18}(?:\.\d{0,18})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def entries(
    text: str,
    read: Callable[[Row], Entry | str],
    *,
    needed: Sequence[str],
    known: Sequence[str] | None = None,
) -> Contents:
    """Read a table's rows with ``read``, which gives an entry, or a word for what is passed over and counted.

    Parameters
    ----------
    needed, known
        Columns that must be there, and all that may be; None allows others, which are not read.

    Raises
    ------
    UnableToImport
        When the header lacks a column, has one twice, or one that is unknown.
    """
    contents = Contents()
    for number, row in rows(text, contents, needed=needed, known=known):
        if not at_most(contents, number):
            break
        try:
            found = read(row)
        except Unreadable as wrong:
            contents.bad.append(BadLine(number, wrong.label))
        else:
            if isinstance(found, str):
                contents.passed[found] += 1
            else:
                contents.entries.append(found)
    return contents


def rows(
    text: str, contents: Contents, *, needed: Sequence[str], known: Sequence[str] | None = None
) -> Iterator[tuple[int, Row]]:
    """Give a table's rows by column with the line that each begins on; what is no row becomes a bad line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    header: list[str] | None = None
    try:
        for cells in reader:
            if header is None:
                header = _header([cell.strip() for cell in cells], needed, known)
            elif cells and len(cells) != len(header):
                label = Unreadable(
                    f"应有{len(header)}列，实有{len(cells)}列", f"needs {len(header)} columns, has {len(cells)}"
                ).label
                contents.bad.append(BadLine(number, label))
            elif cells:
                yield number, dict(zip(header, cells, strict=True))
            number = reader.line_num + 1
    except csv.Error as wrong:
        label = Unreadable(f"不是CSV：{wrong}", f"no CSV: {wrong}").label
        contents.bad.append(BadLine(number, label))
    if header is None:
        _header([], needed, known)


def _header(found: list[str], needed: Sequence[str], known: Sequence[str] | None) -> list[str]:
    missing = [name for name in needed if name not in found]
    strange = [name for name in found if known is not None and name not in known]
    twice = sorted({name for name in found if found.count(name) > 1}) if len(found) <= COLUMNS_MAX else found[:1]
    for names, zh, en in (
        (missing, "缺少列", "has no column"),
        (
            strange,
            f"不认识的列（可用：{'、'.join(known or ())}）",
            f"has unknown columns ({', '.join(known or ())} may be)",
        ),
        (twice, "重复的列", "has a column twice, or too many"),
    ):
        if names:
            said = ", ".join(shown(name) for name in names[:5])
            raise UnableToImport("HEADER_WRONG", f"表头{zh}：{said}", f"the header {en}: {said}", field="file")
    return found


def text_of(row: Row, name: str, most: int, *, needed: bool = True) -> str:
    """Give a text, at most so long, without control characters."""
    text = row.get(name, "").strip()
    if not text and not needed:
        return ""
    if not is_clean(text, most):
        raise Unreadable(
            f"{name}须填写，至多{most}字，不得含控制字符", f"{name} must be text of at most {most} characters"
        )
    return text


def whole_of(row: Row, name: str, most: int) -> int | None:
    """Give a whole number, None where the cell is empty."""
    text = row.get(name, "").strip()
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or abs(int(text)) > most:
        raise Unreadable(f"{name}应为整数，实为{shown(text)}", f"{name} must be a whole number, not {shown(text)}")
    return int(text)


def decimal_of(row: Row, name: str) -> Decimal | None:
    """Give an exact decimal, None where the cell is empty."""
    text = row.get(name, "").strip()
    if not text or text == "null":
        return None
    if not _DECIMAL.fullmatch(text):
        raise Unreadable(f"{name}应为数字，实为{shown(text)}", f"{name} must be a number, not {shown(text)}")
    return Decimal(text)


def instant_of(row: Row, name: str) -> int:
    """Give an instant in milliseconds since 1970; it must say its zone."""
    text = row.get(name, "").strip()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(
            f"{name}应为2026-11-25T08:00:00+08:00形式的时间，实为{shown(text)}",
            f"{name} must be a time like 2026-11-25T08:00:00+08:00, not {shown(text)}",
        ) from None
    if at.tzinfo is None:
        raise Unreadable(
            f"{name}没有时区，须如+08:00或Z：{shown(text)}", f"{name} says no zone, such as +08:00 or Z: {shown(text)}"
        )
    found = (at - EPOCH) // MS
    if not 0 <= found <= INSTANT_MAX_MS:
        raise Unreadable(f"{name}超出范围：{shown(text)}", f"{name} is out of range: {shown(text)}")
    return found


def order_of(text: str, name: str) -> UUID | None:
    """Give an order's id, None where the text is empty."""
    if not text.strip():
        return None
    try:
        return UUID(text.strip())
    except ValueError:
        raise Unreadable(f"{name}不是订单编号：{shown(text)}", f"{name} is no order's id: {shown(text)}") from None

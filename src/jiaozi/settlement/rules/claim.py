"""A centre's claim: what it wants for each order or usage record, read from JSON or CSV; every mistake has its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import AMOUNT_MAX_FEN

CLAIM_LINES_MAX = 200_000
_REFERENCE_MAX = 200
_HEADER = ["reference", "amount_fen"]


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with every key that it had, also twice."""


class UnableToClaim(Refused):
    """The claim can't be read; the field names its line."""


def text_of_claim(content: bytes) -> str:
    """Give a handed-in claim's text.

    Raises
    ------
    UnableToClaim
        When it is empty, or no UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong("file", "文件须为UTF-8，请另存后再提交", "the file must be UTF-8: save it as that") from None
    if not text.strip():
        raise _wrong("file", "请选择一个不为空、不过大的CSV文件", "choose a CSV file that is not empty or too large")
    return text


def read_csv(text: str) -> dict[str, int]:
    """Read a claim from CSV with the columns ``reference`` and ``amount_fen``.

    Raises
    ------
    UnableToClaim
        Naming the line and what would be right.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    if [cell.strip() for cell in next(rows, [])] != _HEADER:
        raise _wrong("line 1", "第一行须为reference,amount_fen", "the first line must be reference,amount_fen")
    pairs: list[tuple[str, str, Any]] = []
    for number, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(_HEADER):
            raise _wrong(f"line {number}", "须有两列", "must have two columns")
        pairs.append((f"line {number}", row[0], row[1].strip()))
    return _checked((where, key, int(fen) if _is_digits(fen) else fen) for where, key, fen in pairs)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(AMOUNT_MAX_FEN)) + 1


def read_json(text: str) -> dict[str, int]:
    """Read a claim from a JSON object, reference → fen.

    Raises
    ------
    UnableToClaim
        Naming the entry and what would be right.
    """
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except ValueError as error:
        raise _wrong("claim", f"不是JSON：{error}", f"is no JSON: {error}") from error
    if not isinstance(pairs, _Pairs):
        raise _wrong("claim", "须为对象：编号→分", "must be an object, reference → fen")
    return _checked((f"entry {number}", key, fen) for number, (key, fen) in enumerate(pairs, start=1))


def check(lines: Mapping[str, int]) -> dict[str, int]:
    """Check a claim that is given as a mapping.

    Raises
    ------
    UnableToClaim
        Naming the entry and what would be right.
    """
    return _checked((f"entry {number}", key, fen) for number, (key, fen) in enumerate(lines.items(), start=1))


def _checked(entries: Iterable[tuple[str, Any, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for where, key, fen in entries:
        reference = str(key).strip()
        if not 1 <= len(reference) <= _REFERENCE_MAX or "\x00" in reference:
            raise _wrong(where, "缺少订单号或记录号", "names no order or record")
        if reference in found:
            raise _wrong(where, f"{reference}重复", f"{reference} comes up twice")
        if isinstance(fen, bool) or not isinstance(fen, int) or not 0 <= fen <= AMOUNT_MAX_FEN:
            raise _wrong(where, "金额须为不小于0的整数分", "the amount must be whole fen, 0 or more")
        found[reference] = fen
        if len(found) > CLAIM_LINES_MAX:
            raise _wrong(where, f"最多{CLAIM_LINES_MAX}行", f"at most {CLAIM_LINES_MAX} lines")
    return found


def _wrong(where: str, zh: str, en: str) -> UnableToClaim:
    return UnableToClaim("CLAIM_LINE_WRONG", zh, en, field=where)

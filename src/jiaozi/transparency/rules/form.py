"""The open data's two forms, one row a line: CSV and JSON Lines, with the same columns and the same beginning and end.

CSV keeps what is not a row behind ``#``, as pandas, DuckDB and R read it; JSON Lines has an object of its own for it.
docs/reference/open-data.md is the schema.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.transparency.rules.sealing import COLUMNS, NUMBERS, ORIGIN, Checkpoint, moment

LINE_MAX = 20_000
"""No line of a download is longer, in characters."""


class UnableToReadOpenData(Refused):
    """A file is not a download of open data, or one of its lines can't be read."""


class Form(StrEnum):
    """How a download is written."""

    CSV = "csv"
    JSON = "jsonl"


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a download leaves out, and why."""

    what: Label
    why: Label


WITHHELD = (
    Withheld(
        Label("个人姓名、联系方式、操作人编号", "people's names, addresses, and who acted"),
        Label("个人信息", "personal information"),
    ),
    Withheld(
        Label(
            "申领材料、事实与理由的正文（留痕只公开摘要）",
            "dossiers, facts and reasons (the journal shows their digest)",
        ),
        Label("个人信息与商业秘密", "personal information and business secrets"),
    ),
    Withheld(
        Label("持券人自付部分、算力权益与交易账的金额", "holders' own shares, quotas, and amounts of the exchange"),
        Label("商业秘密", "business secrets"),
    ),
    Withheld(
        Label("单个主体或项目的上限", "caps on one holder or one project"),
        Label("商业秘密", "business secrets"),
    ),
    Withheld(
        Label("作业内容、命令、日志、文件", "jobs: commands, logs and files"), Label("商业秘密", "business secrets")
    ),
    Withheld(Label("银行流水号", "bank references"), Label("支付安全", "safety of payments")),
)


@dataclass(frozen=True, slots=True)
class Part:
    """What a download says of itself: from after which entry, and up to which head that was signed."""

    after: int
    head_before: bytes
    checkpoint: Checkpoint
    licence: str
    demo: bool

    def body(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "format": ORIGIN,
            "licence": self.licence or "unpublished 未公布",
            "demo": self.demo,
            "after": self.after,
            "head_before": self.head_before.hex(),
            "checkpoint": {
                "n": self.checkpoint.n,
                "head": self.checkpoint.head.hex(),
                "at": moment(self.checkpoint.at),
                "key": self.checkpoint.key.hex(),
                "signature": self.checkpoint.signature.hex(),
            },
            "columns": list(COLUMNS),
            "withheld": [{"zh": each.what.zh, "en": each.what.en} for each in WITHHELD],
        }


def head_lines(part: Part, form: Form) -> str:
    """Write a download's first lines."""
    text = json.dumps(part.body(), ensure_ascii=False, separators=(",", ":"))
    return f"# {text}\n{','.join(COLUMNS)}\n" if form is Form.CSV else f"{text}\n"


def row_line(row: Mapping[str, object], form: Form) -> str:
    r"""Write one row; an empty column is left out of JSON.

    >>> row_line({"n": 1, "source": "WITHHELD", "leaf": "aa", "head": "bb"}, Form.JSON)
    '{"n":1,"source":"WITHHELD","leaf":"aa","head":"bb"}\n'
    """
    if form is Form.JSON:
        kept = {name: row[name] for name in COLUMNS if row.get(name, "") not in {"", None}}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([row.get(name, "") for name in COLUMNS])
    return out.getvalue()


def end_line(*, n: int, head: bytes, rows: int, sha256: str, form: Form) -> str:
    """Write a download's last line: how far it reached, and the SHA-256 of every byte before this line."""
    text = json.dumps({"end": n, "head": head.hex(), "rows": rows, "sha256": sha256}, separators=(",", ":"))
    return f"# {text}\n" if form is Form.CSV else f"{text}\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read: what it says, and whether it is the download's own word or a row."""

    number: int
    raw: bytes
    said: dict[str, Any]
    is_row: bool


def read(lines: Iterator[bytes]) -> Iterator[Line]:
    """Read a download line by line, in either form.

    Raises
    ------
    UnableToReadOpenData
        Naming the line, when one is neither.
    """
    form: Form | None = None
    titles: list[str] = []
    for number, raw in enumerate(lines, 1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise _wrong(number, "不是UTF-8文字", "it is not UTF-8") from None
        if len(text) > LINE_MAX:
            raise _wrong(number, f"超过{LINE_MAX}个字符", f"it has more than {LINE_MAX} characters")
        form = form or (Form.CSV if text.startswith("#") else Form.JSON)
        if form is Form.CSV and not text.startswith("#"):
            cells = next(csv.reader([text]))
            if not titles:
                titles = cells
                if titles != list(COLUMNS):
                    raise _wrong(number, "列名不符", "its columns are not those of open data")
                yield Line(number, raw, {"columns": titles}, is_row=False)
                continue
            if len(cells) != len(titles):
                raise _wrong(number, "列数不符", "it has another number of columns")
            said = {name: _typed(name, cell, number) for name, cell in zip(titles, cells, strict=True) if cell != ""}
            yield Line(number, raw, said, is_row=True)
            continue
        said = _json(text.removeprefix("#"), number)
        yield Line(number, raw, said, is_row="n" in said)


def _json(text: str, number: int) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong(number, "不是JSON", "it is not JSON") from None
    if not isinstance(said, dict):
        raise _wrong(number, "不是JSON对象", "it is no JSON object")
    return said


def _typed(name: str, cell: str, number: int) -> object:
    if name not in NUMBERS:
        return cell
    if not cell.isascii() or not cell.removeprefix("-").isdigit():
        raise _wrong(number, f"{name}须为整数", f"{name} must be a whole number")
    return int(cell)


def read_moment(text: str) -> datetime:
    """Read an instant as it is sealed.

    >>> read_moment("2026-11-25T02:00:00.000000Z").isoformat()
    '2026-11-25T02:00:00+00:00'
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _wrong(number: int, zh: str, en: str) -> UnableToReadOpenData:
    return UnableToReadOpenData(
        "LINE_UNREADABLE", f"第{number}行：{zh}", f"line {number}: {en}", field=f"line {number}"
    )

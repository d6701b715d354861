"""Opening a usage file: plain or gzip, bounded, in the encoding that it is said to be in; its reader is a rule."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from jiaozi.metering.rules import focus, slurm_json, swf, usage_csv
from jiaozi.metering.rules.admitting import UnableToImport
from jiaozi.metering.rules.entry import Contents, Form
from jiaozi.metering.services.streaming import members

TEXT_BYTES_MAX = 256 * 1024 * 1024
ITEM_BYTES_MAX = 8 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read.

    ``trace`` and ``resource_class`` are a trace's; ``classes`` says which resource classes a partition or an SKU is.
    """

    trace: str = ""
    resource_class: str = "cpu-core"
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encoding: str = "utf-8"


class _Bounded(io.RawIOBase):
    """A binary stream that refuses to give more than a file may hold, or one item of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._given, self._item = file, 0, 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(TEXT_BYTES_MAX + 1 if size < 0 else size)
        self._given += len(block)
        self._item += len(block)
        if self._given > TEXT_BYTES_MAX:
            raise _too_large(TEXT_BYTES_MAX)
        if size > 0 and self._item > ITEM_BYTES_MAX:
            raise UnableToImport(
                "ITEM_TOO_LARGE",
                f"一个作业的记录超过{ITEM_BYTES_MAX // 1024 // 1024} MiB，或文件不是作业列表",
                f"one job takes more than {ITEM_BYTES_MAX // 1024 // 1024} MiB, or the file is no list of jobs",
                field="file",
            )
        return block

    def next_item(self) -> None:
        """Begin to count the next item."""
        self._item = 0


def contents_of(path: Path, form: Form, reading: Reading, kinds: Mapping[str, str]) -> Contents:
    """Read a file's entries; ``kinds`` says by what a resource class is counted.

    Raises
    ------
    UnableToImport
        When it can't be read, holds more than ``TEXT_BYTES_MAX`` when unpacked, or is no file of this format.
    """
    with _opened(path) as stream:
        if form is Form.SWF:
            lines = stream.read().decode("utf-8", errors="replace").splitlines()
            return swf.read(lines, trace=reading.trace, resource_class=reading.resource_class)
        if form is Form.SLURM_JSON:
            jobs = members(stream, "jobs", slurm_json.FIELDS, stream.next_item)
            return slurm_json.read(jobs, reading.classes, kinds)
    read: Callable[..., Contents] = usage_csv.read if form is Form.CSV else focus.read
    return read(table_text(path, reading.encoding), reading.classes, kinds)


def table_text(path: Path, encoding: str) -> str:
    """Give a table's text.

    Raises
    ------
    UnableToImport
        When it can't be read, is too large, or in another encoding.
    """
    with _opened(path) as stream:
        return decoded(stream.read(), encoding)


@contextmanager
def _opened(path: Path) -> Iterator[_Bounded]:
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            with cast("IO[bytes]", gzip.open(file)) if packed else file as content:
                yield _Bounded(content)
    except (OSError, EOFError, zlib.error) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise UnableToImport(
            "FILE_UNREADABLE", f"无法读取{path}：{why}", f"can't read {path}: {why}", field="file"
        ) from wrong


def decoded(content: bytes, encoding: str) -> str:
    """Give a table's text; a wrong encoding is named where it can be told.

    Raises
    ------
    UnableToImport
        When the bytes are no text in this encoding.
    """
    if encoding not in ENCODINGS:
        raise UnableToImport(
            "ENCODING_UNKNOWN", f"编码须为{'或'.join(ENCODINGS)}", f"must be {' or '.join(ENCODINGS)}", field="encoding"
        )
    if content.startswith(_UTF_16):
        raise _encoding("UTF-16", "请另存为UTF-8", "save it as UTF-8")
    try:
        return content.removeprefix(_BOM).decode(encoding)
    except UnicodeDecodeError as wrong:
        if encoding == "utf-8" and _is_gb18030(content):
            raise _encoding(
                "GB18030", "请另存为UTF-8，或加--encoding gb18030", "save it as UTF-8, or say --encoding gb18030"
            ) from wrong
        line = content.count(b"\n", 0, wrong.start) + 1
        raise UnableToImport(
            "NO_TEXT",
            f"第{line}行不是{encoding}文本，请另存为UTF-8",
            f"line {line} is no {encoding} text: save it as UTF-8",
            field="file",
        ) from wrong


def _is_gb18030(content: bytes) -> bool:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


def _encoding(name: str, zh: str, en: str) -> UnableToImport:
    return UnableToImport("ENCODING_WRONG", f"文件编码疑为{name}：{zh}", f"it looks like {name}: {en}", field="file")


def _too_large(most: int) -> UnableToImport:
    size = most // 1024 // 1024
    return UnableToImport(
        "FILE_TOO_LARGE", f"超过{size} MiB，请分成多个文件", f"more than {size} MiB of text: split it", field="file"
    )

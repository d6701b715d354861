"""Reading a trace's file: plain or gzip, bounded, whatever its header is written in."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from jiaozi.metering.rules.admitting import UnableToImport

TEXT_BYTES_MAX = 256 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def trace_lines(path: Path) -> list[str]:
    """Give a file's lines.

    Raises
    ------
    UnableToImport
        When it can't be read, or holds more than ``TEXT_BYTES_MAX`` when unpacked.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            if packed:
                with gzip.open(file) as text:
                    content = text.read(TEXT_BYTES_MAX + 1)
            else:
                content = file.read(TEXT_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise UnableToImport(
            "FILE_UNREADABLE", f"无法读取{path}：{why}", f"can't read {path}: {why}", field="file"
        ) from wrong
    if len(content) > TEXT_BYTES_MAX:
        size = TEXT_BYTES_MAX // 1024 // 1024
        raise UnableToImport(
            "FILE_TOO_LARGE", f"超过{size} MiB，请分成多个文件", f"more than {size} MiB of text: split it", field="file"
        )
    return content.decode("utf-8", errors="replace").splitlines()

"""Reading the files that a command line names: whole, as text, with one clear refusal."""

from __future__ import annotations

from pathlib import Path

from jiaozi.kernel.refusal import Refused

FILE_BYTES_MAX = 1_000_000_000


class UnableToReadFile(Refused):
    """A file, or a word beside it, that can't be read as what it must be."""


def text_of(path: Path) -> str:
    """Give a file's text, UTF-8 with or without its mark.

    Raises
    ------
    UnableToReadFile
        When it is missing, too large or not text.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise UnableToReadFile("FILE_TOO_LARGE", "文件超过 1 GB", "the file is larger than 1 GB", field=str(path))
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise UnableToReadFile(
            "FILE_UNREADABLE", f"无法读取：{why}", f"can't be read: {why}", field=str(path)
        ) from None

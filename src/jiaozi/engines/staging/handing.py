"""Handing a file on this machine to its holder: looked at after it was opened, and never more than it had then."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from jiaozi.order.ports import Content, UnableToMove, UnableToReachPlace


class _Pieces(Iterator[bytes]):
    """The content of an open file as far as its size was when it was opened; closed at the end, or by whoever stops."""

    def __init__(self, fd: int, size: int, piece_bytes: int, late: Callable[[], bool]) -> None:
        self._file, self._left = os.fdopen(fd, "rb", buffering=0), size
        self._piece_bytes, self._late = piece_bytes, late

    def __next__(self) -> bytes:
        piece = b"" if self._late() else self._file.read(min(self._piece_bytes, self._left)) if self._left else b""
        if not piece:  # the end, too late, or a file that was cut meanwhile: the length that was said is not reached
            self.close()
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def hand_out(
    path: str, root: str, url: str, *, piece_bytes: int, until: datetime, now: Callable[[], datetime]
) -> Content:
    """Open a file below a root and give its size and content, until an instant.

    Whoever owns the folder may change it at any moment, so the file is looked at after it was opened: a plain file, and
    its real path, links followed, below the root.

    Raises
    ------
    UnableToMove
        When it is not there, no plain file, not below the root, or may not be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise UnableToMove("NOT_FOUND", "文件不存在", "is not there", field=url) from None
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        raise UnableToMove("NOT_PERMITTED", f"无法访问：{why}", f"can't be used: {why}", field=url) from wrong
    try:
        _check(fd, root, url)
        size = os.fstat(fd).st_size
    except BaseException:
        os.close(fd)
        raise
    return Content(size, _Pieces(fd, size, piece_bytes, lambda: now() > until))


def _check(fd: int, root: str, url: str) -> None:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        raise UnableToMove("NO_FILE", "不是文件", "is no file", field=url)
    try:
        real = Path(f"/proc/self/fd/{fd}").readlink()
    except OSError as missing:
        raise UnableToReachPlace("BROKE_OFF", "无法核对路径", "its path can't be looked at", field=url) from missing
    if Path(root).resolve() not in real.parents:
        told = "符号链接指向允许位置之外", "leads by a link out of the places that are allowed"
        raise UnableToMove("NOT_ALLOWED", *told, field=url)

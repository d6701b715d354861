"""What a job prints: kept up to its size, then dropped and counted. A flood must cost neither disk nor much time."""

from __future__ import annotations

import os
from pathlib import Path

_BLOCK = 64 * 1024
_BLOCKS_AT_ONCE = 64


class Output:
    """The kept output of one job."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._left = bytes_max
        self._dropped = 0

    def take(self, pipe: int) -> bool:
        """Take what is there now; False once the rest is dropped, and at most a pipe's content then at a time."""
        for _ in range(_BLOCKS_AT_ONCE if self._left else 1):
            try:
                block = os.read(pipe, _BLOCK)
            except BlockingIOError:
                return self._left > 0
            if not block:
                return False
            kept = block[: self._left]
            if kept:
                os.write(self._file, kept)
            self._left -= len(kept)
            self._dropped += len(block) - len(kept)
        return self._left > 0

    def drain(self, pipe: int) -> None:
        """Take the rest after all writers are gone."""
        for _ in range(_BLOCKS_AT_ONCE):
            try:
                block = os.read(pipe, _BLOCK)
            except BlockingIOError:
                return
            if not block:
                return
            kept = block[: self._left]
            os.write(self._file, kept)
            self._left -= len(kept)
            self._dropped += len(block) - len(kept)

    def close(self) -> int:
        """Say at the end of the log what was dropped, and give that number of bytes."""
        if self._dropped:
            os.write(self._file, f"\n[jiaozi] {self._dropped} bytes more were dropped\n".encode())
        os.close(self._file)
        return self._dropped

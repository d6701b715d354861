"""A job's data: landed files copied into its folder before it starts, results copied out of it after its end.

What lies in the folder then was made by the job: only a plain file of its own is taken, never what a link leads to.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

_MIB = 1024 * 1024


def bring_in(home: Path, inputs: Iterable[tuple[str, str]], *, program: str) -> list[Path]:
    """Copy landed files into a job's folder; gives their paths there."""
    made = []
    for name, source in inputs:
        path = home / name
        shutil.copyfile(source, path)
        path.chmod(0o700 if program == f"./{name}" else 0o600)
        made.append(path)
    return made


def take_out(home: Path, outputs: Iterable[tuple[str, str]], *, most_mib: int) -> None:
    """Copy results out, each whole or not at all; one that is not there, is no plain file or is too large stays."""
    for name, target in outputs:
        with contextlib.suppress(OSError):
            _take_out(home / name, Path(target), most_mib * _MIB)


def _take_out(source: Path, target: Path, most_bytes: int) -> None:
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size > most_bytes:
            return
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f".{target.name}.new")
        with draft.open("wb") as out:
            shutil.copyfileobj(file, out)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)

"""What the guard of a session does beside holding its limits: a limit that may grow, a way in, the files kept.

This file travels to the centre in the session's own package: the standard library alone, Python 3.9 or newer. The
guard (``wrapper``) loads it from there; it is asked five times a second, in the guard's own process.

Beside the job's log, in the folder that Ray gives out by its dashboard, it keeps ``<job>.limit``, into which a small
job of the platform's (``teller``) writes a longer limit, and ``<job>.saved.tar.gz`` or a link to where that is.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ACCESS = ".jiaozi/access.json"
_READ_MAX = 64 * 1024
_DAY_S, _HOUR_S = 86_400, 3_600


class Seat:
    """One session on its node. ``limit_s`` grows by what carries the order's own mark, and by nothing else."""

    def __init__(self, package: str, limit_s: float, say: Callable[..., None]) -> None:
        told = pathlib.Path(package, "seat.json")
        self.spec: dict[str, Any] = json.loads(told.read_bytes())
        told.unlink()  # it has the key of the limit
        self.limit_s, self.say = limit_s, say
        self.end_s = min(float(self.spec["end_s"]), limit_s / 2)
        self.name = str(self.spec["name"])
        self.logs = pathlib.Path(os.readlink("/proc/self/fd/1")).parent  # noqa: PTH115 - Python 3.8 has no readlink
        self.inbox = self.logs / f"{self.name}.limit"
        self.given = self.logs / f"{self.name}.saved.tar.gz"
        self.is_open, self.shown_s = False, float("-inf")
        self.archive = self.access = self.work = pathlib.Path()

    @property
    def ask_s(self) -> float:
        """When the session is asked to end, so that its files are saved by its limit."""
        return self.limit_s - self.end_s

    def prepare(self, folder: str) -> None:
        """Fill into the session's configuration what only its node knows; make the places beside the log."""
        os.umask(0o077)
        kept = pathlib.Path(self.spec["folder"] or self.logs)
        if kept == self.logs:
            self.clear_old()
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.archive = kept / f"{self.name}.saved.tar.gz"
        if self.given != self.archive and not self.given.is_symlink():
            self.given.symlink_to(self.archive)
        config = pathlib.Path(folder, self.spec["config"])
        config.write_text(json.dumps({**json.loads(config.read_bytes()), "archive": str(self.archive)}))
        pathlib.Path(self.spec["config"]).unlink()  # what travelled has the way in
        self.access, self.work = pathlib.Path(folder, ACCESS), pathlib.Path(folder, "work")
        self.inbox.touch()

    def look(self, *, ending: bool) -> float:
        """Take a longer limit, unless the session was asked to end; tell when it can be entered, and when no more.

        Gives when it must be asked to end, counted from its start.
        """
        self.show()
        limit_ms = 0 if ending else self.asked_ms()
        if limit_ms > self.limit_s * 1000:
            self.limit_s = limit_ms / 1000
            self.say(limit=limit_ms)
        if self.access.exists() != self.is_open:
            self.is_open = not self.is_open
            self.say(open=self.way_in() if self.is_open else None)
        return self.ask_s

    def leave(self) -> None:
        """Tell what was saved, or keep the work as it is; nobody can ask for more time from now on."""
        self.inbox.unlink(missing_ok=True)
        self.archive.with_name(self.archive.name + ".new").unlink(missing_ok=True)  # half of one
        about = self.archive.with_name(self.archive.name + ".json")
        with contextlib.suppress(OSError, ValueError, KeyError):
            said = json.loads(read(about))
            self.say(saved={name: said[name] for name in ("name", "size", "sha256")})
            return
        for place in (self.archive.parent, self.work.parent.parent):  # not a copy: its time is over
            with contextlib.suppress(OSError):
                self.work.rename(place / f"{self.name}.work")
                os.write(1, f"[jiaozi] not saved in time; it lies at the centre: {place}/{self.name}.work\n".encode())
                return

    def asked_ms(self) -> int:
        """Give the limit that the platform wrote for this very order, or 0."""
        words = read(self.inbox).decode(errors="replace").split()
        if len(words) != 2 or not words[0].isdecimal():  # noqa: PLR2004 - the limit and its mark
            return 0
        text = f"{self.name}:{words[0]}".encode()
        mark = hmac.new(bytes.fromhex(self.spec["key"]), text, hashlib.sha256).hexdigest()
        return int(words[0]) if hmac.compare_digest(mark.encode(), words[1].encode()) else 0

    def way_in(self) -> dict[str, Any]:
        """Give what is no secret of how the session is reached: the rest the platform knows by itself."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            said = json.loads(read(self.access))
            return {"node": str(said["node"]), "port": int(said["port"]), "user": str(said["user"])}
        return {}

    def show(self) -> None:
        """Show once an hour that the session lives, to others that begin here and clear away what is old."""
        if time.monotonic() - self.shown_s < _HOUR_S:
            return
        self.shown_s = time.monotonic()
        for path in (self.inbox, self.given):
            with contextlib.suppress(OSError):
                os.utime(path, follow_symlinks=False)

    def clear_old(self) -> None:
        """Take away what earlier sessions left in Ray's own folder for longer than the platform gives it out.

        One that still runs has shown that it does (``show``), however long ago it began.
        """
        before = time.time() - self.spec["keep_s"] - _DAY_S
        for pattern in ("jiaozi-*.saved.tar.gz*", "jiaozi-*.limit", "jiaozi-*.work"):
            for path in self.logs.glob(pattern):
                with contextlib.suppress(OSError):
                    if path.lstat().st_mtime >= before:
                        continue
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()


def read(path: pathlib.Path) -> bytes:
    """Read a small file that somebody else may have put there: no link is followed, and nothing is waited for."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(file, _READ_MAX)
    except OSError:
        return b""
    finally:
        os.close(file)

"""Which server processes are alive, as the kernel tells it: a pid in a file proves nothing after kill -9."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from pathlib import Path

_ORPHANS_WAIT_S = 5.0


def working_in(data: Path) -> set[int]:
    """Give the pids of PostgreSQL processes whose working folder is ``data``; a zombie has none."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "comm").read_text() == "postgres\n" and (entry / "cwd").readlink() == data:
                    found.add(int(entry.name))
    return found


def postmaster(data: Path) -> int | None:
    """Give the living server's pid, or None when its pid file is absent, stale or another process's number."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if pid in working_in(data) else None


def wait_for_end(pid: int, timeout_s: float) -> bool:
    """Wait until a process has ended; False when it outlasts the time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ended, _, _ = select.select([handle], [], [], timeout_s)
    finally:
        os.close(handle)
    with suppress(ChildProcessError):  # ours to reap only when we started it
        os.waitpid(pid, os.WNOHANG)
    return bool(ended)


def clear_remains(data: Path, socket_lock: Path) -> None:
    """After a killed server: see its children off, then remove the pid files that only they kept meaningful.

    PostgreSQL itself would take the number of a zombie, or of a stranger that got the number since, for a live server.
    """
    for pid in working_in(data):
        if not wait_for_end(pid, _ORPHANS_WAIT_S):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_for_end(pid, _ORPHANS_WAIT_S)
    (data / "postmaster.pid").unlink(missing_ok=True)
    with suppress(OSError, IndexError):
        if socket_lock.read_text().split("\n")[1] == str(data):  # another server's lock is not ours to remove
            socket_lock.unlink()

"""The spool: a folder in which every job's order, state and result stand, so that no process needs to remember them.

::

    spool.json              its id, and the cores and memory that it may hand out
    queue.lock              taken for every change below
    usage.jsonl             one line for each job that ran; a cursor is an offset in it
    queued/<ticket>.<order> waiting, in order of tickets
    running/<order>         claims its cores until its usage is in usage.jsonl
    jobs/<order>/           spec, state.json, heartbeat.json, result.json, output, cancel, alive (a lock), home/,
                            for a session limit.json, relay.json, saved.tar.gz and saved.tar.gz.json

A name that begins with a dot is a file that is being written; it is no ticket and no claim. Files are replaced by
rename, and flushed to the disk where losing them would lose a fact. The supervisor runs without the house's packages,
so this module uses the standard library alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOCK_WAIT_S = 20.0
_LOCK_POLL_S = 0.002
_TICKET_DIGITS = 16
_DRAFT = "."


class Spool:
    """Paths, locks and durable writes below one folder; what they mean is said in ``turns``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.jobs = root / "jobs"
        self.queued = root / "queued"
        self.running = root / "running"
        self.journal = root / "usage.jsonl"
        self.about = root / "spool.json"

    def prepare(self, *, spool_id: str, **capacity: int) -> None:
        """Make the folders, private to the account that the engine runs as; keep the id that is there."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o711)  # a job's account may pass through to its own folder, but list nothing
        for folder in (self.jobs, self.queued, self.running):
            folder.mkdir(exist_ok=True, mode=0o711)
        with self.locked():
            known = read_json(self.about)
            wanted = {"id": known["id"] if known else spool_id, **capacity}
            if known != wanted:
                write_json(self.about, wanted, durable=True)
            self.journal.touch(mode=0o600)

    def job(self, order: str) -> Path:
        """The folder of one job."""
        return self.jobs / order

    @contextlib.contextmanager
    def locked(self, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold the spool's one lock; raises TimeoutError when somebody else keeps it for too long."""
        handle = os.open(self.root / "queue.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + wait_s
            while not try_lock(handle):
                if time.monotonic() >= until:
                    raise TimeoutError(f"{self.root / 'queue.lock'} has been held for {wait_s:.0f} s")
                time.sleep(_LOCK_POLL_S)
            yield
        finally:
            os.close(handle)

    def new_ticket(self) -> str:
        """Give a ticket after all that wait; asked under the lock."""
        last = max((name.split(".", 1)[0] for name in names(self.queued)), default="0")
        return f"{max(int(last) + 1, time.time_ns() // 1000):0{_TICKET_DIGITS}d}"

    def tickets(self) -> list[tuple[str, str]]:
        """Give (marker's name, order), first come first, also of what is about to leave the queue."""
        return [(name, name.split(".", 1)[1]) for name in sorted(names(self.queued))]

    def waiting(self) -> list[tuple[str, str]]:
        """Give (marker's name, order) of those that nothing has claimed cores for, first come first."""
        claimed = set(names(self.running))
        return [(marker, order) for marker, order in self.tickets() if order not in claimed]

    def claims(self) -> dict[str, dict[str, Any]]:
        """Give each running order's claim."""
        found = {}
        for order in sorted(names(self.running)):
            claim = read_json(self.running / order)
            if claim is not None:
                found[order] = claim
        return found

    def read_header(self, order: str) -> dict[str, Any]:
        """Give the first line of a job's spec; its files' bytes follow it."""
        with (self.job(order) / "spec").open("rb") as file:
            header: dict[str, Any] = json.loads(file.readline())
        return header

    def read_limit_ms(self, order: str) -> int:
        """Give a job's time limit: as it was ordered, or as its session was extended to."""
        ordered_ms: int = self.read_header(order)["time_limit_ms"]
        longer = read_json(self.job(order) / "limit.json")
        return max(ordered_ms, longer["time_limit_ms"]) if longer else ordered_ms

    def drop_files(self, order: str) -> None:
        """Keep of a spec that is not needed any more its header alone: files are kept by whoever ordered."""
        path = self.job(order) / "spec"
        with path.open("rb") as file:
            header, more = file.readline(), file.read(1)
        if more:
            write_bytes(path, header, durable=False)

    def journal_end(self) -> int:
        """Give the offset after the last whole line; asked under the lock."""
        return self.journal.read_bytes().rfind(b"\n") + 1 if self.journal.exists() else 0

    def append_usage(self, record: dict[str, Any], *, after: int) -> None:
        """Add a line unless it stands somewhere after an offset already; asked under the lock."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        with self.journal.open("r+b") as file:
            file.seek(after)
            tail = file.read()
            if line in tail.splitlines(keepends=True):
                return
            if tail and not tail.endswith(b"\n"):
                # Somebody died in mid-line; their record has not been given out and will be written again.
                file.seek(after + tail.rfind(b"\n") + 1)
                file.truncate()
            else:
                file.seek(0, os.SEEK_END)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def names(folder: Path) -> list[str]:
    """Give the names in a folder, without those of files that are being written: they begin with a dot."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(_DRAFT)]


def drafts(folder: Path) -> list[Path]:
    """Give what is being written in a folder, or was left by somebody who died over it."""
    return [path for path in folder.iterdir() if path.name.startswith(_DRAFT)]


def try_lock(handle: int) -> bool:
    """Take an open file's lock if nobody has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_json(path: Path) -> dict[str, Any] | None:
    """Read an object; None when it isn't there or, after a power cut, was never finished."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_json(path: Path, value: dict[str, Any], *, durable: bool) -> None:
    """Replace a file as a whole; ``durable`` also waits for the disk."""
    write_bytes(path, json.dumps(value, separators=(",", ":")).encode(), durable=durable)


def write_bytes(path: Path, content: bytes, *, durable: bool) -> None:
    """Replace a file as a whole; ``durable`` also waits for the disk."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_apart(folder: Path, *path: str, most: int) -> bytes:
    """Read a file that a job wrote below a folder, following no link that it may have put in the way."""
    handle = -1
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        for name in path[:-1]:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            os.close(handle)
            handle = below
        file = os.open(path[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=handle)
        with os.fdopen(file, "rb") as content:
            if not stat.S_ISREG(os.fstat(content.fileno()).st_mode):
                return b""
            return content.read(most)
    except OSError:
        return b""
    finally:
        if handle >= 0:
            os.close(handle)

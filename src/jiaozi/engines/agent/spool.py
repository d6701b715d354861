"""What one side of the line must not forget, in one SQLite file: what it still has to say, and how far it has listened.

A write is on the disk when its transaction ends. What a message causes and that it was received are one transaction, so
that a crash leaves both or neither.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from jiaozi.kernel.ids import new_id

_BUSY_S = 30
_OWN = 0o600
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, message TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (order_id TEXT PRIMARY KEY, body TEXT NOT NULL, live INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_live ON jobs (live) WHERE live = 1;
CREATE TABLE IF NOT EXISTS usage (number INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS leases (lease_id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS admissions (order_id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ways (order_id TEXT PRIMARY KEY, sealed TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pieces (
    order_id TEXT, number INTEGER, sealed TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (order_id, number)
);
CREATE TABLE IF NOT EXISTS told (number INTEGER PRIMARY KEY AUTOINCREMENT, order_id TEXT, body TEXT NOT NULL);
"""


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Say whether no other process works with this memory; while the block lasts none may, where this one does.

    The lock is a file beside it: SQLite's own would go with any handle of the file that is closed.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWN)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)  # the lock goes with it, also when the process is killed


class Spool:
    """One side's memory."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._keep_to_oneself()
        with closing(self._open()) as connection:
            connection.executescript(_TABLES)
        with self.change() as page:
            for name in ("stream", "memory"):
                page.set(name, page.get(name) or str(new_id()))

    @contextmanager
    def change(self) -> Iterator[Page]:
        """Open a transaction; it is kept when the block ends well, and undone when it does not."""
        with closing(self._open()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Page(connection)
            connection.execute("COMMIT")  # closing without it undoes everything

    def _keep_to_oneself(self) -> None:
        """Let only this account read what is in it, whatever the umask; SQLite makes its other files like the first."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWN))
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError, PermissionError):  # another account's file is that one's to keep
                Path(f"{self._path}{ending}").chmod(_OWN)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class Page:
    """What can be read and written within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._do = connection.execute

    def get(self, name: str) -> str:
        """Give a fact; the empty text where there is none."""
        row = self._do("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        return str(row[0]) if row else ""

    def set(self, name: str, value: str) -> None:
        """Keep a fact."""
        self._do(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", [name, value]
        )

    def number(self, name: str) -> int:
        """Give a fact that is a number; 0 where there is none."""
        return int(self.get(name) or 0)

    def say(self, message: Mapping[str, Any]) -> int:
        """Put a message after the last one that was ever said; give its number."""
        number = self.number("said") + 1
        self.set("said", str(number))
        text = (
            json.dumps(message, ensure_ascii=False).encode(errors="replace").decode()
        )  # a letter carries no half text
        self._do("INSERT INTO outbox VALUES (?, ?)", [number, text])
        return number

    def to_say(self, count: int, size: int) -> tuple[int, list[dict[str, Any]]]:
        """Give the first messages that the other side has not confirmed, bounded; and the first one's number."""
        rows = self._do("SELECT number, message FROM outbox ORDER BY number LIMIT ?", [count]).fetchall()
        taken: list[dict[str, Any]] = []
        left = size
        for _, text in rows:
            left -= len(text)
            if taken and left < 0:
                break
            taken.append(json.loads(text))
        return (rows[0][0] if rows else self.number("said") + 1), taken

    def waiting(self) -> int:
        """Give how many messages the other side has not confirmed."""
        return int(self._do("SELECT count(*) FROM outbox").fetchone()[0])

    def confirmed(self, number: int) -> None:
        """Forget what the other side has kept."""
        self._do("DELETE FROM outbox WHERE number <= ?", [number])
        self.set("confirmed", str(max(number, self.number("confirmed"))))

    def say_again(self) -> None:
        """Begin a new stream with what is left, from number 1: the other side has forgotten the old one."""
        rows = [text for (text,) in self._do("SELECT message FROM outbox ORDER BY number").fetchall()]
        self._do("DELETE FROM outbox")
        for number, text in enumerate(rows, start=1):
            self._do("INSERT INTO outbox VALUES (?, ?)", [number, text])
        self.set("said", str(len(rows)))
        self.set("confirmed", "0")
        self.set("stream", str(new_id()))

    def job(self, order_id: UUID) -> dict[str, Any] | None:
        """Give what is known of an order."""
        row = self._do("SELECT body FROM jobs WHERE order_id = ?", [str(order_id)]).fetchone()
        return json.loads(row[0]) if row else None

    def keep_job(self, order_id: UUID, body: Mapping[str, Any], *, live: bool) -> None:
        """Keep what is known of an order; ``live`` says that something may still happen to it."""
        self._do(
            "INSERT INTO jobs VALUES (?, ?, ?) "
            "ON CONFLICT (order_id) DO UPDATE SET body = excluded.body, live = excluded.live",
            [str(order_id), json.dumps(body), live],
        )

    def live_jobs(self) -> dict[UUID, dict[str, Any]]:
        """Give the orders to which something may still happen."""
        rows = self._do("SELECT order_id, body FROM jobs WHERE live = 1 ORDER BY order_id").fetchall()
        return {UUID(order_id): json.loads(body) for order_id, body in rows}

    def keep_way(self, order_id: UUID, sealed: str, until: datetime) -> None:
        """Keep the way into a session, sealed, until an instant at the latest."""
        self._do(
            "INSERT INTO ways VALUES (?, ?, ?) "
            "ON CONFLICT (order_id) DO UPDATE SET sealed = excluded.sealed, until = excluded.until",
            [str(order_id), sealed, until.timestamp()],
        )

    def prolong_way(self, order_id: UUID, until: datetime) -> None:
        """Keep the way into a session longer, where there is one."""
        self._do("UPDATE ways SET until = ? WHERE order_id = ?", [until.timestamp(), str(order_id)])

    def way(self, order_id: UUID) -> str:
        """Give the way into a session, sealed; the empty text where none is kept."""
        row = self._do("SELECT sealed FROM ways WHERE order_id = ?", [str(order_id)]).fetchone()
        return str(row[0]) if row else ""

    def forget_way(self, order_id: UUID) -> None:
        """Forget the way into a session."""
        self._do("DELETE FROM ways WHERE order_id = ?", [str(order_id)])

    def keep_piece(self, order_id: UUID, number: int, sealed: str, at: datetime) -> None:
        """Keep a piece of a session's saved files, sealed."""
        self._do("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?)", [str(order_id), number, sealed, at.timestamp()])

    def count_pieces(self, order_id: UUID) -> int:
        """Give how many pieces of a session's saved files are here."""
        return int(self._do("SELECT count(*) FROM pieces WHERE order_id = ?", [str(order_id)]).fetchone()[0])

    def piece(self, order_id: UUID, number: int) -> str:
        """Give a piece, sealed; the empty text where there is none."""
        where = [str(order_id), number]
        row = self._do("SELECT sealed FROM pieces WHERE order_id = ? AND number = ?", where).fetchone()
        return str(row[0]) if row else ""

    def forget_late(self, now: datetime, pieces_of: datetime) -> None:
        """Forget the ways whose time is over, and the pieces from before an instant."""
        self._do("DELETE FROM ways WHERE until < ?", [now.timestamp()])
        self._do("DELETE FROM pieces WHERE at < ?", [pieces_of.timestamp()])

    def keep_usage(self, record_id: str, body: Mapping[str, Any]) -> None:
        """Keep a record after all others; the same once, another one of the same id as well: the meter judges."""
        text = json.dumps(body, sort_keys=True)
        last = self._do("SELECT body FROM usage WHERE record_id = ?", [record_id]).fetchone()
        if last is None:
            self._do("INSERT INTO usage (record_id, body) VALUES (?, ?)", [record_id, text])
        elif last[0] != text:
            self._do("INSERT INTO usage (record_id, body) VALUES (NULL, ?)", [text])

    def usage_after(self, number: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        """Give records in the order in which they came."""
        rows = self._do("SELECT number, body FROM usage WHERE number > ? ORDER BY number LIMIT ?", [number, count])
        return [(row[0], json.loads(row[1])) for row in rows.fetchall()]

    def lease(self, lease_id: UUID) -> dict[str, Any] | None:
        """Give what is known of a lease."""
        row = self._do("SELECT body FROM leases WHERE lease_id = ?", [str(lease_id)]).fetchone()
        return json.loads(row[0]) if row else None

    def leases(self) -> dict[UUID, dict[str, Any]]:
        """Give every lease that this side has had."""
        rows = self._do("SELECT lease_id, body FROM leases ORDER BY lease_id").fetchall()
        return {UUID(lease_id): json.loads(body) for lease_id, body in rows}

    def keep_lease(self, lease_id: UUID, body: Mapping[str, Any]) -> None:
        """Keep what is known of a lease."""
        self._do(
            "INSERT INTO leases VALUES (?, ?) ON CONFLICT (lease_id) DO UPDATE SET body = excluded.body",
            [str(lease_id), json.dumps(body)],
        )

    def keep_admission(self, order_id: UUID, body: Mapping[str, Any]) -> None:
        """Keep what was told of a job admitted here, once."""
        self._do("INSERT INTO admissions VALUES (?, ?)", [str(order_id), json.dumps(body)])

    def admissions(self) -> list[dict[str, Any]]:
        """Give all that was told of jobs admitted here, in the order in which they were."""
        return [json.loads(row[0]) for row in self._do("SELECT body FROM admissions ORDER BY rowid").fetchall()]

    def keep_told(self, order_id: str | None, body: Mapping[str, Any]) -> None:
        """Keep a word about a lease after all others; ``order_id`` where it is about an admitted job."""
        self._do("INSERT INTO told (order_id, body) VALUES (?, ?)", [order_id, json.dumps(body)])

    def told_after(self, number: int, count: int) -> list[tuple[int, dict[str, Any]]]:
        """Give words about leases in the order in which they came."""
        rows = self._do("SELECT number, body FROM told WHERE number > ? ORDER BY number LIMIT ?", [number, count])
        return [(row[0], json.loads(row[1])) for row in rows.fetchall()]

    def told_orders(self, number: int) -> frozenset[str]:
        """Give the admitted jobs that were told after a number."""
        rows = self._do("SELECT order_id FROM told WHERE number > ? AND order_id IS NOT NULL", [number])
        return frozenset(row[0] for row in rows.fetchall())

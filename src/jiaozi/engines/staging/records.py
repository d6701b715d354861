"""What is kept of movements: how far one is that broke off, and a line for each that is done, which never changes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from jiaozi.order.ports import Direction, MovementPage, MovementRecord, UnableToReachPlace, UnableToReadUsage

PAGE_MAX = 500
_MODE = 0o600


class Records:
    """A folder with one file a movement and one list of those that are done."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.spool.mkdir(parents=True, exist_ok=True)
        self._list = spool / "movements.jsonl"

    @contextmanager
    def alone(self, movement: UUID) -> Iterator[None]:
        """Keep a movement to one mover at a time.

        Raises
        ------
        UnableToReachPlace
            When another one has it.
        """
        with self._file(movement, "lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnableToReachPlace(
                    "BEING_MOVED", "正在传输中", "is being moved already", field=str(movement)
                ) from None
            yield

    def kept(self, movement: UUID) -> dict[str, Any]:
        """Give what is known of a movement that broke off, or of one that is done."""
        try:
            found: dict[str, Any] = json.loads(self._file(movement, "json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # a half-written state counts for nothing
            return {}
        return found

    def keep(self, movement: UUID, state: dict[str, Any]) -> None:
        """Keep a movement's state; a crash leaves the old one or the new one."""
        path = self._file(movement, "json")
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(state), encoding="utf-8")
        beside.chmod(_MODE)
        beside.replace(path)

    def done(self, movement: UUID) -> MovementRecord | None:
        """Give the record of a movement that is done."""
        state = self.kept(movement)
        return _record(state["record"]) if "record" in state else None

    def add(self, movement: UUID, record: MovementRecord) -> None:
        """Append a record, then mark its movement done; after a crash in between the line is not written twice."""
        with self._list.open("a+", encoding="utf-8") as lines:
            fcntl.flock(lines, fcntl.LOCK_EX)
            lines.seek(0)
            if not any(json.loads(line)["record_id"] == record.record_id for line in lines if line.endswith("\n")):
                lines.write(json.dumps(plain(record), ensure_ascii=False) + "\n")
                lines.flush()
                os.fsync(lines.fileno())
        self.keep(movement, {"record": plain(record)})

    def page(self, cursor: str) -> MovementPage:
        """Give records after a cursor, which is how many bytes of the list were read.

        Raises
        ------
        UnableToReadUsage
            When the cursor is none of ours.
        """
        size = self._list.stat().st_size if self._list.exists() else 0
        if cursor and not (cursor.isdecimal() and int(cursor) <= size):
            raise UnableToReadUsage("CURSOR_UNKNOWN", "游标无效", "is no cursor of this list", field="cursor")
        found: list[MovementRecord] = []
        start = int(cursor or 0)
        if size:
            with self._list.open("rb") as lines:
                lines.seek(start)
                for line in lines:
                    if len(found) >= PAGE_MAX or not line.endswith(b"\n"):
                        break
                    found.append(_record(json.loads(line)))
                    start += len(line)
        return MovementPage(tuple(found), str(start), more=len(found) >= PAGE_MAX)

    def _file(self, movement: UUID, suffix: str) -> Path:
        return self.spool / f"{movement}.{suffix}"


def plain(record: MovementRecord) -> dict[str, Any]:
    """Give a record in the form that JSON carries."""
    return {
        **asdict(record),
        "order_id": str(record.order_id),
        "started_at": record.started_at.isoformat(),
        "ended_at": record.ended_at.isoformat(),
    }


def _record(plain: dict[str, Any]) -> MovementRecord:
    return MovementRecord(
        **{
            **plain,
            "order_id": UUID(plain["order_id"]),
            "direction": Direction(plain["direction"]),
            "started_at": datetime.fromisoformat(plain["started_at"]),
            "ended_at": datetime.fromisoformat(plain["ended_at"]),
        }
    )

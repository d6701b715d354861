"""An entry: one job as a file tells it, whatever the file's format. Every format is read into these, and no more.

An entry that names an order goes the order's way (its hold pays); one that names an account goes the voucher's way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order.ports import JobOutcome, UsageRecord

ENTRIES_MAX = 2_000_000
INSTANT_MAX_MS = (253_402_300_799 - 3_155_760_000) * 1000
"""A century before the year 10000, so that no run time allowed here leads past the calendar."""
RUN_MAX_MS = 3_155_760_000_000
UNITS_MAX = 2**31 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


class Form(StrEnum):
    """The formats that usage is imported from; the name is also the source of what went the voucher's way."""

    SWF = "swf"
    SLURM_JSON = "slurm-json"
    CSV = "csv"
    FOCUS = "focus"


BY_VOUCHER = frozenset(Form)
"""Sources of usage that is charged to a voucher named for its account, without an order."""

FROM_FILE = "file"
"""Source of records that a file names orders for."""


class Entry(NamedTuple):
    """One job: its record's name, when and how long it ran on how many units, and the digest of what the file said.

    ``wrong`` says why it can't be charged whatever the prices are. ``ended_ms`` None means start and run time together.
    """

    name: str
    started_ms: int
    elapsed_ms: int
    units: int
    account: str
    resource_class: str
    outcome: JobOutcome
    digest: bytes
    wrong: Reason | None = None
    ended_ms: int | None = None
    order_id: UUID | None = None
    cpu_ms: int | None = None
    memory_peak_mib: int | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with one line, or with one job of a list."""

    line: int
    label: Label

    def in_language(self, language: str) -> str:
        """Give the one line for a language code."""
        return f"{self.line}: {self.label.in_language(language)}"


@dataclass(slots=True)
class Contents:
    """What a file holds: entries in order, lines that are none, and what is no finished use, counted by kind."""

    entries: list[Entry] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)


class Unreadable(Exception):  # noqa: N818 - a message on its way to a bad line, no error of the house
    """What keeps a line from being an entry."""

    def __init__(self, zh: str, en: str) -> None:
        self.label = Label(zh, en)
        super().__init__(en)


def signed(entry: Entry) -> Entry:
    """Give an entry with the digest of its content."""
    return entry._replace(digest=digest(payload_of_entry(entry)))


def payload_of_entry(entry: Entry) -> dict[str, Any]:
    """Give an entry's content as what its digest covers and a dispute keeps."""
    return {
        "account": entry.account,
        "cpu_ms": entry.cpu_ms,
        "elapsed_ms": entry.elapsed_ms,
        "ended_ms": end_of(entry),
        "memory_peak_mib": entry.memory_peak_mib,
        "outcome": entry.outcome.value,
        "resource_class": entry.resource_class,
        "started_ms": entry.started_ms,
        "units": entry.units,
        "wrong": entry.wrong.code if entry.wrong else "",
    }


def end_of(entry: Entry) -> int:
    """Give an entry's end, in milliseconds since 1970."""
    return entry.started_ms + max(entry.elapsed_ms, 0) if entry.ended_ms is None else entry.ended_ms


def record_of_entry(entry: Entry) -> UsageRecord:
    """Give an entry that names an order as an engine gives it; what can't be charged has no units, and is held back."""
    return UsageRecord(
        record_id=entry.name,
        order_id=entry.order_id,
        resource_class=entry.resource_class,
        units=0 if entry.wrong else entry.units,
        started_at=EPOCH + entry.started_ms * MS,
        ended_at=EPOCH + end_of(entry) * MS,
        elapsed_ms=entry.elapsed_ms,
        outcome=entry.outcome,
        cpu_ms=entry.cpu_ms,
        memory_peak_mib=entry.memory_peak_mib,
    )


def parted(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Part entries into those that go the order's way and those that go the voucher's way, each in the file's order."""
    by_order: list[Entry] = []
    by_voucher: list[Entry] = []
    for entry in entries:
        (by_voucher if entry.order_id is None else by_order).append(entry)
    return by_order, by_voucher


def at_most(contents: Contents, number: int) -> bool:
    """Say whether one more fits; where it does not, that is the last bad line."""
    if len(contents.entries) < ENTRIES_MAX:
        return True
    contents.bad.append(
        BadLine(number, Label(f"超过{ENTRIES_MAX}条，请分成多个文件", f"past {ENTRIES_MAX} records: split it"))
    )
    return False

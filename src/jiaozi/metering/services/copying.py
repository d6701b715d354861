"""Writing an import's captures and usage rows by COPY.

Values go as text, ready made: that is three times as fast as handing each to the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db import connection
from psycopg import sql

from jiaozi.kernel.refusal import Reason
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering.rules import CaptureKind, UsageState
from jiaozi.metering.rules.entry import EPOCH, MS, Entry, end_of
from jiaozi.metering.rules.importing import Decided

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_BLOCK_ROWS = 1_000
_USAGE = (
    *("id", "centre_id", "record_id", "payload_digest", "source", "account", "resource_class", "units"),
    *("started_at", "ended_at", "elapsed_ms", "cpu_ms", "memory_peak_mib", "outcome", "received_at", "state"),
    *("reason_code", "reason_zh", "reason_en", "tariff_id", "charge_ufen", "capture_id"),
)
_CAPTURE = (
    *("id", "programme", "kind", "centre_id", "voucher_id", "holder_id", "tariff_id", "payable_shard"),
    *("price_fen", "voucher_fen", "own_fen", "overrun_fen", "captured_at", "batch"),
)


@dataclass(frozen=True, slots=True)
class Destination:
    """What all rows of an import have in common."""

    centre: str
    programme: str
    source: str
    now: datetime


def write_rows(this: Destination, rows: Sequence[tuple[UUID, Decided]], batch: UUID) -> None:
    """Write the captures, and the usage rows that name them."""
    now = this.now.isoformat()
    capture_head = f"{this.programme}\t{CaptureKind.IMPORT.value}\t{this.centre}"
    usage_tail = f"{now}\t{UsageState.CAPTURED.value}\t\t\t"
    captures, usage = [], []
    paid_from: dict[tuple[int, int], tuple[str, str]] = {}
    for id_, each in rows:
        payer, tariff = each.payer, each.tariff
        own_id, head = str(id_), _usage_head(this, each.job)
        if each.reason is not None or payer is None or tariff is None:
            usage.append(f"{own_id}\t{head}\t{now}\t{_held_back(each.reason)}")
            continue
        key = id(payer), id(tariff)
        whose = paid_from.get(key)
        if whose is None:
            whose = paid_from[key] = (f"{payer.voucher}\t{payer.holder}\t{tariff.id}", str(tariff.id))
        captures.append(
            f"{own_id}\t{capture_head}\t{whose[0]}\t{id_.int % PAYABLE_SHARDS}"
            f"\t{each.price_fen}\t{each.voucher_fen}\t{each.own_fen}\t0\t{now}\t{batch}"
        )
        usage.append(f"{own_id}\t{head}\t{usage_tail}\t{whose[1]}\t{each.charge_ufen}\t{own_id}")
    _copy("metering_capture", _CAPTURE, captures)
    _copy("metering_usage", _USAGE, usage)


def _usage_head(this: Destination, job: Entry) -> str:
    """Give the columns that a record brings with it."""
    begin, end = EPOCH + job.started_ms * MS, EPOCH + end_of(job) * MS
    cpu_ms = _NULL if job.cpu_ms is None else job.cpu_ms
    memory = _NULL if job.memory_peak_mib is None else job.memory_peak_mib
    return (
        f"{this.centre}\t{_text(job.name)}\t\\\\x{job.digest.hex()}\t{this.source}\t{_text(job.account)}"
        f"\t{_text(job.resource_class)}\t{job.units}\t{begin}\t{end}\t{job.elapsed_ms}\t{cpu_ms}\t{memory}"
        f"\t{job.outcome}"
    )


def _held_back(reason: Reason | None) -> str:
    if reason is None:
        raise AssertionError("what is not captured has a reason")
    words = f"{reason.code}\t{_text(reason.label.zh)}\t{_text(reason.label.en)}"
    return f"{UsageState.HELD_BACK.value}\t{words}\t{_NULL}\t{_NULL}\t{_NULL}"


def _text(value: str) -> str:
    """Give a text as COPY reads it: tabs, line ends and backslashes escaped."""
    return value.translate(_ESCAPES)


def _copy(table: str, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Append rows, each its values in COPY's text form between tabs; the caller's transaction is open."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    )
    with (
        connection.cursor() as wrapped,
        cast("psycopg.Cursor[Any]", wrapped).copy(statement) as copy,
    ):
        for start in range(0, len(rows), _BLOCK_ROWS):
            copy.write("\n".join(rows[start : start + _BLOCK_ROWS]) + "\n")

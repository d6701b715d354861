"""What of a usage record the database can't hold: such a record is kept in a sound form, with its reason.

A feed's cursor moves only with the page that was stored, so one record that can't be stored would stop its centre for
ever. Figures out of range are cut to the range, what is no figure at all is replaced, and the digest is taken over what
came, so that the same record is known again and a corrected one is another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.refusal import Reason
from jiaozi.metering.rules import reasons
from jiaozi.metering.rules.words import is_clean
from jiaozi.order.ports import JobOutcome, UsageRecord

RECORD_ID_MAX = 200
RESOURCE_MAX = 40
UNITS_MAX = 2**31 - 1
QUANTITY_MAX = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it can be stored, the digest of what came, and what was wrong with it (None for nearly all)."""

    record: UsageRecord
    digest: bytes
    wrong: Reason | None = None


def read(given: UsageRecord) -> Read:
    """Give a record in a form that can be stored, whatever its fields hold."""
    instead: dict[str, Any] = {}
    for name, (fits, sound) in _FIELDS.items():
        value = getattr(given, name)
        if not fits(value):
            instead[name] = sound(value)
    if not instead:
        return Read(given, digest(payload_of(given)))
    content = _digest(given)
    if "record_id" in instead:
        instead["record_id"] = f"unreadable:{content.hex()}"
    return Read(replace(given, **instead), content, reasons.unreadable(next(iter(instead))))


def payload_of(record: UsageRecord) -> dict[str, Any]:
    """Give a sound record's content as what its digest covers and a dispute keeps."""
    return {
        "cpu_ms": record.cpu_ms,
        "elapsed_ms": record.elapsed_ms,
        "ended_at": record.ended_at.isoformat(),
        "memory_peak_mib": record.memory_peak_mib,
        "order_id": str(record.order_id) if record.order_id else "",
        "outcome": record.outcome.value,
        "resource_class": record.resource_class,
        "started_at": record.started_at.isoformat(),
        "units": record.units,
    }


def _digest(given: UsageRecord) -> bytes:
    """Give the digest of what can't be stored, over every field's bytes."""
    return digest([[name, sha256(_bytes(getattr(given, name))).hexdigest()] for name in _FIELDS])


def _bytes(value: object) -> bytes:
    if isinstance(value, int):
        return hex(value).encode()  # decimal digits of an endless number would be refused
    return ascii(value).encode()


def _whole(least: int, most: int) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    def fits(value: Any) -> bool:
        return type(value) is int and least <= value <= most

    def sound(value: Any) -> int:
        return min(max(value, least), most) if type(value) is int else least

    return fits, sound


def _whole_or_none() -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    fits, _ = _whole(0, QUANTITY_MAX)
    return lambda value: value is None or fits(value), lambda _value: None


def _text(most: int) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    def fits(value: Any) -> bool:
        return isinstance(value, str) and is_clean(value, most)

    return fits, lambda value: ascii(value)[:most]


def _is_instant(value: Any) -> bool:
    try:
        return isinstance(value, datetime) and value.tzinfo is not None and value.astimezone(UTC) >= _EPOCH
    except (OverflowError, ValueError):
        return False


def _instant(value: Any) -> datetime:
    """Take an instant without a zone for UTC, and what is none for the beginning."""
    naive = isinstance(value, datetime) and value.tzinfo is None and value.replace(tzinfo=UTC) >= _EPOCH
    return value.replace(tzinfo=UTC) if naive else _EPOCH


_FIELDS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    "record_id": _text(RECORD_ID_MAX),
    "order_id": (lambda value: value is None or isinstance(value, UUID), lambda _value: None),
    "resource_class": _text(RESOURCE_MAX),
    "units": _whole(-UNITS_MAX, UNITS_MAX),
    "started_at": (_is_instant, _instant),
    "ended_at": (_is_instant, _instant),
    "elapsed_ms": _whole(-QUANTITY_MAX, QUANTITY_MAX),
    "outcome": (lambda value: isinstance(value, JobOutcome), lambda _value: JobOutcome.LOST),
    "cpu_ms": _whole_or_none(),
    "memory_peak_mib": _whole_or_none(),
}

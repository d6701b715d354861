"""The house's own table of usage: one line a job, columns by name in any order; docs/reference/usage.md has them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from jiaozi.metering.rules.bounds import QUANTITY_MAX, RECORD_ID_MAX, RESOURCE_MAX
from jiaozi.metering.rules.entry import RUN_MAX_MS, UNITS_MAX, Contents, Entry, Unreadable, signed
from jiaozi.metering.rules.table import Row, decimal_of, entries, instant_of, order_of, text_of, whole_of
from jiaozi.metering.rules.words import ACCOUNT_MAX, shown
from jiaozi.order.ports import JobOutcome

NEEDED = ("record_id", "resource_class", "units", "started_at", "ended_at")
OPTIONAL = ("order_id", "account", "elapsed_s", "outcome", "cpu_s", "memory_peak_mib")


def read(text: str, classes: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str]) -> Contents:  # noqa: ARG001
    """Read a table's jobs; a resource class is one of the catalogue's, or a name that ``classes`` maps to one."""
    return entries(text, lambda row: _entry(row, classes), needed=NEEDED, known=(*NEEDED, *OPTIONAL))


def _entry(row: Row, classes: Mapping[str, tuple[str, ...]]) -> Entry:
    order_id = order_of(row.get("order_id", ""), "order_id")
    started_ms, ended_ms = instant_of(row, "started_at"), instant_of(row, "ended_at")
    elapsed_ms = _ms(row, "elapsed_s")
    units = whole_of(row, "units", UNITS_MAX)
    if units is None:
        raise Unreadable("缺少units", "units is missing")
    entry = Entry(
        name=text_of(row, "record_id", RECORD_ID_MAX),
        started_ms=started_ms,
        elapsed_ms=ended_ms - started_ms if elapsed_ms is None else elapsed_ms,
        units=units,
        account="" if order_id else text_of(row, "account", ACCOUNT_MAX),
        resource_class=class_named(text_of(row, "resource_class", RESOURCE_MAX), classes),
        outcome=_outcome(row),
        digest=b"",
        ended_ms=ended_ms,
        order_id=order_id,
        cpu_ms=_not_negative(_ms(row, "cpu_s"), "cpu_s"),
        memory_peak_mib=_not_negative(whole_of(row, "memory_peak_mib", QUANTITY_MAX), "memory_peak_mib"),
    )
    return signed(entry)


def class_named(name: str, classes: Mapping[str, tuple[str, ...]]) -> str:
    """Give the class that a centre's own name stands for; one that stands for none or several stays, unpriced."""
    found = classes.get(name, ())
    return found[0] if len(found) == 1 else name


def _ms(row: Row, name: str) -> int | None:
    seconds = decimal_of(row, name)
    if seconds is None:
        return None
    ms = seconds * Decimal(1000)
    if ms != int(ms) or abs(ms) > RUN_MAX_MS * 1000:
        raise Unreadable(f"{name}至多三位小数，且在范围之内", f"{name} has at most three decimals, and is in range")
    return int(ms)


def _not_negative(value: int | None, name: str) -> int | None:
    if value is not None and value < 0:
        raise Unreadable(f"{name}不得为负", f"{name} can't be negative")
    return value


def _outcome(row: Row) -> JobOutcome:
    text = row.get("outcome", "").strip()
    if not text:
        return JobOutcome.LOST
    try:
        return JobOutcome(text)
    except ValueError:
        there = ", ".join(JobOutcome)
        raise Unreadable(
            f"outcome应为{there}之一，实为{shown(text)}", f"outcome is one of {there}, not {shown(text)}"
        ) from None

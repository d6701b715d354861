"""Samples that a centre offers beside its claim: how busy a card or a core was at a moment, how much power it drew.

A sample lies in a slot of ten seconds of its UTC day; of several in one slot the highest is kept, which suspects
nobody. So a day of one device is at most 8,640 samples, and the same samples in any order, split and repetition are the
same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from jiaozi.metering.rules.admitting import UnableToImport
from jiaozi.metering.rules.bounds import RECORD_ID_MAX
from jiaozi.metering.rules.entry import EPOCH, MS, BadLine, Contents, Unreadable
from jiaozi.metering.rules.reasons import TOLERANCE_MS
from jiaozi.metering.rules.table import Row, decimal_of, instant_of, rows, text_of

SLOT_MS = 10_000
SLOTS_A_DAY = 86_400_000 // SLOT_MS
SAMPLES_MAX = 2_000_000
SERIES_A_DAY_MAX = 20_000
"""Series of one centre and day; with 8,640 samples each this bounds what a day can store."""
DEVICE_MAX = 60
PERMILLE_MAX = 2_000
NEEDED = ("sampled_at", "reference", "metric", "value")
OPTIONAL = ("device", "rated_watt")


class Metric(StrEnum):
    """What was sampled; all are kept in thousandths of the whole."""

    GPU = "GPU"
    CPU = "CPU"
    POWER = "POWER"


_NAMES = {"gpu_percent": Metric.GPU, "cpu_percent": Metric.CPU, "power_watt": Metric.POWER}


class Series(NamedTuple):
    """One device of one job on one UTC day: whose samples these are."""

    day: date
    reference: str
    metric: Metric
    device: str


@dataclass(slots=True)
class Sampled:
    """What a file of samples holds: by series, slot → permille."""

    series: dict[Series, dict[int, int]] = field(default_factory=dict)
    samples: int = 0
    bad: list[BadLine] = field(default_factory=list)


def read(text: str, now: datetime) -> Sampled:
    """Read a table of samples; a line that is none is named, the others are read.

    Raises
    ------
    UnableToImport
        When the header is wrong, or there are too many.
    """
    found, contents = Sampled(), Contents()
    latest_ms = (now - EPOCH) // MS + TOLERANCE_MS
    for number, row in rows(text, contents, needed=NEEDED, known=(*NEEDED, *OPTIONAL)):
        try:
            series, slot, permille = _sample(row, latest_ms)
        except Unreadable as wrong:
            contents.bad.append(BadLine(number, wrong.label))
            continue
        found.samples += 1
        if found.samples > SAMPLES_MAX:
            raise _too_many("SAMPLES_TOO_MANY", SAMPLES_MAX, "个采样", "samples in a file")
        kept = found.series.setdefault(series, {})
        kept[slot] = max(kept.get(slot, 0), permille)
    found.bad = contents.bad
    return found


def _sample(row: Row, latest_ms: int) -> tuple[Series, int, int]:
    at_ms = instant_of(row, "sampled_at")
    if at_ms > latest_ms:
        raise Unreadable("sampled_at在将来", "sampled_at is in the future")
    name = row["metric"].strip()
    metric = _NAMES.get(name)
    if metric is None:
        there = ", ".join(_NAMES)
        raise Unreadable(f"metric应为{there}之一", f"metric is one of {there}")
    value = _not_negative(row, "value")
    if metric is Metric.POWER:
        rated = decimal_of(row, "rated_watt")
        if rated is None or rated <= 0:
            raise Unreadable("power_watt须给出rated_watt", "power_watt needs the device's rated_watt")
        permille = value * 1000 / rated
    else:
        permille = value * 10
    if permille > PERMILLE_MAX:
        raise Unreadable("value超出范围", "value is out of range")
    day, within_ms = divmod(at_ms, 86_400_000)
    series = Series(
        EPOCH.date() + timedelta(days=day),
        text_of(row, "reference", RECORD_ID_MAX),
        metric,
        text_of(row, "device", DEVICE_MAX, needed=False),
    )
    return series, within_ms // SLOT_MS, int(permille)


def _not_negative(row: Row, name: str) -> Decimal:
    value = decimal_of(row, name)
    if value is None or value < 0:
        raise Unreadable(f"{name}应为不小于0的数字", f"{name} must be a number, 0 or more")
    return value


def fresh(
    read_now: Mapping[Series, Mapping[int, int]], kept: Mapping[Series, set[int]]
) -> dict[Series, dict[int, int]]:
    """Give what is not kept yet: a slot that has its sample keeps it."""
    found = {}
    for series in sorted(read_now):
        there = kept.get(series, set())
        new = {slot: permille for slot, permille in sorted(read_now[series].items()) if slot not in there}
        if new:
            found[series] = new
    return found


def check_bound(series_a_day: Mapping[date, int]) -> None:
    """Keep a day within its bound.

    Raises
    ------
    UnableToImport
        Naming the day.
    """
    for day, number in series_a_day.items():
        if number > SERIES_A_DAY_MAX:
            raise _too_many("SERIES_TOO_MANY", SERIES_A_DAY_MAX, f"个设备·作业（{day}）", f"devices by jobs on {day}")


def _too_many(code: str, most: int, zh: str, en: str) -> UnableToImport:
    return UnableToImport(
        code, f"超过{most}{zh}，请合并或抽稀", f"more than {most} {en}: merge or thin them", field="file"
    )


class Span(NamedTuple):
    """One device's samples of a job on a day: how many, and from which slot to which."""

    number: int
    first_slot: int
    last_slot: int


def seen_ms(spans: Iterable[Span]) -> int:
    """Give how long devices were seen in all: each from its first sample to its last, and one mean gap for the last.

    >>> seen_ms([Span(6, 0, 10)]), seen_ms([Span(1, 5, 5)])
    (120000, 0)
    """
    return sum(_span_ms(span) for span in spans if span.number > 1)


def _span_ms(span: Span) -> int:
    return (span.last_slot - span.first_slot) * SLOT_MS * span.number // (span.number - 1)

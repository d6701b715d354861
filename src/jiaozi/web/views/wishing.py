"""What is typed beside a job: by when, near what, which data; read into wishes, each mistake at its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from jiaozi.catalogue.rules import Tier
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import SHANGHAI
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.order.rules.wishes import BYTES_MAX, DataFile, Wishes

FIELDS = (
    *("latest_start", "deadline", "latency_to", "latency_ms", "residency", "tier"),
    *("data_at", "inputs", "outputs", "budget", "wait"),
)
_LINES_MAX, _TEXT_MAX = 100, 250_000
_US_PER_MS = 1_000
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"([0-9]{1,16}) ?(|B|KB|MB|GB|TB)", re.IGNORECASE | re.ASCII)
_LATENCY = re.compile(r"\d{1,5}")


class Wished(NamedTuple):
    """What was typed, as far as it can be read, and what can't."""

    wishes: Wishes
    wrong: tuple[Reason, ...]


class _Wrong(Exception):  # noqa: N818 - on its way to a field
    def __init__(self, field: str, zh: str, en: str) -> None:
        self.reason = Reason("WISH_WRONG", Label(zh, en), field=field)
        super().__init__(en)


def read(words: Mapping[str, str]) -> Wished:
    """Read what was typed; a field that is empty is no wish."""
    wrong: list[Reason] = []
    found: dict[str, object] = {}
    for name, reader in _READERS.items():
        text = words.get(name, "").strip()
        if not text:
            continue
        try:
            found[_NAMES.get(name, name)] = reader(name, text)
        except _Wrong as mistake:
            wrong.append(mistake.reason)
    return Wished(Wishes(**found), tuple(wrong))  # type: ignore[arg-type]


def _instant(field: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong(field, "时间须如2026-12-01T08:00", "a time must be like 2026-12-01T08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def _tier(field: str, text: str) -> Tier:
    try:
        return Tier(text)
    except ValueError:
        raise _Wrong(field, "请选择一个层级", "choose a tier") from None


def _latency(field: str, text: str) -> int:
    if not _LATENCY.fullmatch(text) or not int(text):
        raise _Wrong(field, "时延上限须为正整数毫秒", "the latency bound must be whole milliseconds above zero")
    return int(text) * _US_PER_MS


def _amount(field: str, text: str) -> int:
    try:
        return parse_yuan(text)
    except (Refused, ValueError):
        raise _Wrong(field, "金额须如12.50", "an amount must be like 12.50") from None


def _place(_: str, text: str) -> str:
    return text


def _files(field: str, text: str) -> tuple[DataFile, ...]:
    """Read one file a line: URL, size, and a checksum where one is known."""
    lines = [line.strip() for line in text[:_TEXT_MAX].splitlines() if line.strip()]
    if len(lines) > _LINES_MAX:
        raise _Wrong(field, f"最多{_LINES_MAX}行", f"at most {_LINES_MAX} lines")
    return tuple(_file(field, number, line) for number, line in enumerate(lines, start=1))


def _file(field: str, number: int, line: str) -> DataFile:
    url, _, rest = line.partition(" ")
    parts = rest.split()
    digest = parts.pop() if len(parts) > 1 and len(parts[-1]) == _DIGEST else ""
    size = _SIZE.fullmatch(" ".join(parts))
    if size is None:
        told = "“网址 大小 [SHA-256]”，大小如500 MB", "URL, size and perhaps its SHA-256, the size like 500 MB"
        raise _Wrong(field, f"第{number}行须为{told[0]}", f"line {number} must be {told[1]}")
    size_bytes = int(size[1]) * _UNITS[size[2].upper()]
    if not 1 <= size_bytes <= BYTES_MAX:
        raise _Wrong(field, f"第{number}行的大小超出范围", f"line {number}: the size is out of range")
    return DataFile(name=url.rpartition("/")[2], url=url, size_bytes=size_bytes, sha256=digest)


_DIGEST = 64
_NAMES = {"latency_ms": "latency_max_us", "budget": "budget_fen", "wait": "wait_fen_per_hour"}
_READERS = {
    "latest_start": _instant,
    "deadline": _instant,
    "latency_to": _place,
    "latency_ms": _latency,
    "residency": _tier,
    "tier": _tier,
    "data_at": _place,
    "inputs": _files,
    "outputs": _files,
    "budget": _amount,
    "wait": _amount,
}

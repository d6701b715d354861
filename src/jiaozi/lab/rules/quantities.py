"""How a scenario's figures are written: sums in yuan, shares with their percent sign, numbers and whole numbers."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import PlainValidator

from jiaozi.kernel.fen import parse_rate, parse_ratio
from jiaozi.policy.rules.figures import Unreadable, read_int, read_money, read_ratio

_NUMBER = re.compile(r"^\d{1,9}(\.\d{1,9})?$")


def _read_number(raw: Any) -> float:
    text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    if not isinstance(text, str) or not _NUMBER.match(text):
        raise Unreadable(f"{raw!r} 不是 0 或以上的数", f"{raw!r} is no number of 0 or more, like 1.5")
    return float(text)


def _read_rate(raw: Any) -> int:
    try:
        rate_ufen = parse_rate(raw.removesuffix("元"))
    except (AttributeError, ValueError) as wrong:
        raise Unreadable(f"{raw!r} 不是单价，请写成 0.15元", f"{raw!r} is no price; write it like 0.15元") from wrong
    if not rate_ufen:
        raise Unreadable("单价须大于 0", "a price is over 0")
    return rate_ufen


def _read_part(raw: Any) -> Fraction:
    """Read a share that may pass the whole: people also ask for more than they need."""
    try:
        return parse_ratio(raw)
    except (AttributeError, ValueError) as wrong:
        raise Unreadable(f"{raw!r} 不是比例，请写成 80%", f"{raw!r} is no share; write it like 80%") from wrong


Number = Annotated[float, PlainValidator(_read_number)]
AnyShare = Annotated[Fraction, PlainValidator(_read_part)]
Share = Annotated[Fraction, PlainValidator(read_ratio)]
Yuan = Annotated[int, PlainValidator(read_money)]
Rate = Annotated[int, PlainValidator(_read_rate)]


def bounded(least: int, most: int) -> Any:
    """Give the reader of a whole number between two bounds, both inside."""

    def read(raw: Any) -> int:
        number = read_int(raw)
        if not least <= number <= most:
            raise Unreadable(f"须在 {least} 与 {most} 之间", f"must be {least} to {most}")
        return number

    return PlainValidator(read)

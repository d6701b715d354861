"""A figure is one number, date or word of a document: written out, or the name of a parameter that holds it.

Readers turn what stands in the YAML into exact values and say what would be right when they can't. Money is text
(``300万``), a share is text with its percent sign (``30%``): a bare number could mean either, so it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jiaozi.kernel.fen import parse_ratio, parse_yuan
from jiaozi.policy.rules.words import Kind

PARAMETER_PREFIX = "parameter."
TEXT_LENGTH_MAX = 1_000
INT_MAX = 2**53


class Unreadable(ValueError):  # noqa: N818 - like a refusal, an answer to act on
    """Something in a document is not what its place asks for; both lines say what would be right."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Figure:
    """A typed value, or the parameter that names it (then ``value`` is None)."""

    kind: Kind
    value: Any = None
    parameter: str = ""


def read_money(raw: Any) -> int:
    """Read yuan with its unit as fen; 0 or more."""
    if not isinstance(raw, str):
        raise Unreadable(
            f"{raw!r} 不是金额文本，请写成 300万 或 5000元", f"{raw!r} is no amount in text; write 300万 or 5000元"
        )
    try:
        amount_fen = parse_yuan(raw)
    except ValueError as wrong:
        raise Unreadable(f"{raw!r} 不是金额，请写成 300万、1.5亿 或 5000元", str(wrong)) from wrong
    if amount_fen < 0:
        raise Unreadable(f"{raw} 为负，金额须为 0 或以上", f"{raw} is negative; an amount is 0 or more")
    if amount_fen >= INT_MAX:
        raise Unreadable(f"{raw} 过大，须小于 90万亿元", f"{raw} is too large; stay under 90 trillion yuan")
    return amount_fen


def read_ratio(raw: Any) -> Fraction:
    """Read ``30%`` as an exact share between 0 and 1."""
    if not isinstance(raw, str):
        raise Unreadable(f"{raw!r} 不是比例，请写成 30%", f"{raw!r} is no share; write it like 30%")
    try:
        ratio = parse_ratio(raw)
    except ValueError as wrong:
        raise Unreadable(f"{raw!r} 不是比例，请写成 30%", str(wrong)) from wrong
    if ratio > 1:
        raise Unreadable(f"比例 {raw} 超过 100%", f"the ratio {raw} is over 100%; a share is between 0% and 100%")
    return ratio


def read_date(raw: Any) -> date:
    """Read an ISO date that exists."""
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError) as wrong:
        raise Unreadable(
            f"{raw!r} 不是存在的日期，请写成 2023-01-12", f"{raw!r} is no date; write one that exists, like 2023-01-12"
        ) from wrong


def read_int(raw: Any) -> int:
    """Read a whole number, 0 or more."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < INT_MAX:
        raise Unreadable(f"{raw!r} 不是 0 或以上的整数", f"{raw!r} is no whole number of 0 or more")
    return raw


def read_bool(raw: Any) -> bool:
    """Read ``true`` or ``false``, no other spelling."""
    if not isinstance(raw, bool):
        raise Unreadable(f"{raw!r} 不是 true 或 false", f"{raw!r} is neither true nor false")
    return raw


_BREAKS = "\n\t"
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def read_text(raw: Any) -> str:
    """Read a text that says something."""
    if not isinstance(raw, str) or not raw.strip() or len(raw) > TEXT_LENGTH_MAX:
        raise Unreadable(
            f"{str(raw)[:40]!r} 不是 1 至 {TEXT_LENGTH_MAX} 字的文本",
            f"{str(raw)[:40]!r} is no text of 1 to {TEXT_LENGTH_MAX} characters",
        )
    wrong = next((c for c in raw if c not in _BREAKS and unicodedata.category(c) in _UNSEEN), None)
    if wrong is not None:  # a direction character would show another text than the one that decides
        raise Unreadable(
            f"含有不能显示的字符 U+{ord(wrong):04X}，请删去",
            f"has the character U+{ord(wrong):04X}, which can't be shown; take it out",
        )
    return raw


READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.MONEY: read_money,
    Kind.RATIO: read_ratio,
    Kind.DATE: read_date,
    Kind.INT: read_int,
    Kind.BOOL: read_bool,
    Kind.TEXT: read_text,
}


def figure_reader(kind: Kind) -> Callable[[Any], Figure]:
    """Give the reader of a place that takes a literal of this kind or ``parameter.NAME``."""

    def read(raw: Any) -> Figure:
        if isinstance(raw, Figure):
            return raw
        if isinstance(raw, str) and raw.startswith(PARAMETER_PREFIX):
            return Figure(kind, parameter=raw.removeprefix(PARAMETER_PREFIX))
        return Figure(kind, READERS[kind](raw))

    return read


_DECIMAL = re.compile(r"^\d{1,9}\.\d{1,9}$")


def read_bound(raw: Any) -> Figure:
    """Read the bound of a band: money, a whole number, a decimal, or a parameter that holds one."""
    if isinstance(raw, Figure):
        return raw
    if isinstance(raw, str) and raw.startswith(PARAMETER_PREFIX):
        return Figure(Kind.DECIMAL, parameter=raw.removeprefix(PARAMETER_PREFIX))
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Figure(Kind.INT, read_int(raw))
    if isinstance(raw, str) and _DECIMAL.match(raw):
        return Figure(Kind.DECIMAL, Fraction(raw))
    return Figure(Kind.MONEY, read_money(raw))


def choice_reader(choices: type[StrEnum]) -> Callable[[Any], Any]:
    """Give the reader of one word out of a closed list."""

    def read(raw: Any) -> Any:
        try:
            return choices(raw)
        except ValueError as wrong:
            allowed = ", ".join(choices)
            raise Unreadable(f"{raw!r} 不在可选值内：{allowed}", f"{raw!r} is none of: {allowed}") from wrong

    return read


@lru_cache(maxsize=4096)
def shown(kind: Kind, value: Any) -> str:
    """Write a value the way a document writes it, without loss; also its form in JSON.

    >>> shown(Kind.RATIO, Fraction(1, 8)), shown(Kind.MONEY, 12)
    ('12.5%', '0.12元')
    """
    if kind is Kind.RATIO:
        percent = value * 100
        return f"{Decimal(percent.numerator) / percent.denominator:f}%"
    if kind is Kind.MONEY:
        return f"{value // 100:,}元" if value % 100 == 0 else f"{value // 100:,}.{value % 100:02}元"
    if kind is Kind.DECIMAL:
        return f"{Decimal(value.numerator) / value.denominator:f}"
    if kind is Kind.BOOL:
        return "true" if value else "false"
    return str(value)

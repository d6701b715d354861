"""Facts come in as nested JSON and leave typed; whatever is unknown or mistyped is named, nothing is guessed.

Money is text in yuan (``"1200万"``, ``"5000"``) or an integer number of fen; a decimal is text or an integer; a date is
ISO text. A float is never read: it has already lost its exact value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules.conditions import instant
from jiaozi.policy.rules.figures import Unreadable, read_bool, read_date, read_money
from jiaozi.policy.rules.parts import Fact
from jiaozi.policy.rules.problems import UnableToReadFacts
from jiaozi.policy.rules.words import Kind

TEXT_LENGTH_MAX = 200  # what a condition joins it fills memory with
LIST_LENGTH_MAX = 200
FIELDS_MAX = 500
DIGITS_MAX = 15
BRIEF_LENGTH_MAX = 40
INT_MAX = 2**53
_DECIMAL = re.compile(r"^-?\d{1,15}(\.\d{1,15})?$")

Plain = bool | int | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """One typed fact: its JSON form (which reads back to the same fact), its CEL form, and its form for people."""

    plain: Plain
    cel: Any
    shown: Label


_YES = Known(plain=True, cel=True, shown=Label("是", "yes"))
_NO = Known(plain=False, cel=False, shown=Label("否", "no"))


def read(declared: Mapping[str, Fact], raw: Mapping[str, Any]) -> dict[str, Known]:
    """Read nested facts against their declarations.

    Raises
    ------
    UnableToReadFacts
        With one reason for every unknown, mistyped or twice-given field.
    """
    known: dict[str, Known] = {}
    reasons: list[Reason] = []
    for name, value in _flat(raw):
        fact = declared.get(name)
        if fact is None:
            reasons.append(unknown(name, declared))
        elif name in known:
            reasons.append(Reason("FACT_TWICE", Label("同一事实出现两次，请只保留一个", "given twice; keep one"), name))
        else:
            try:
                known[name] = _READERS[fact.kind](fact, value)
            except Unreadable as wrong:
                reasons.append(Reason("FACT_MISTYPED", Label(wrong.zh, wrong.en), name))
    if reasons:
        raise UnableToReadFacts(reasons)
    return known


def _flat(raw: Any) -> Iterator[tuple[str, Any]]:
    """Walk at most two levels, as deep as a fact's name goes, and a bounded number of fields."""
    if not isinstance(raw, Mapping):
        line = Label('事实须为 JSON 对象，例如 {"applicant": {…}}', 'facts are a JSON object like {"applicant": {…}}')
        raise UnableToReadFacts([Reason("FACTS_NO_OBJECT", line)])
    count = 0
    for key, value in raw.items():
        inner = value.items() if isinstance(value, Mapping) else [(None, value)]
        for part, leaf in inner:
            count += 1
            if count > FIELDS_MAX:
                line = Label(f"事实超过 {FIELDS_MAX} 个", f"more than {FIELDS_MAX} facts")
                raise UnableToReadFacts([Reason("FACTS_TOO_MANY", line)])
            yield str(key)[:80] if part is None else f"{str(key)[:40]}.{str(part)[:40]}", leaf


def unknown(name: str, declared: Mapping[str, Fact]) -> Reason:
    """Say that no such fact is declared, and which one may have been meant."""
    name = name[:80]
    near = get_close_matches(name, declared, n=1)
    zh = f"项目文件未声明此事实{f'，是否为 {near[0]}？' if near else ''}"
    en = f"the programme declares no such fact{f'; did you mean {near[0]}?' if near else ''}"
    return Reason("FACT_UNKNOWN", Label(zh, en), name)


def _same(text: str) -> Label:
    return Label(text, text)


def _bool(_fact: Fact, value: Any) -> Known:
    truth = read_bool(value)
    return _YES if truth else _NO


def _int(fact: Fact, value: Any) -> Known:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= INT_MAX:
        raise Unreadable(f"须为整数，现为 {_brief(value)}", f"must be a whole number, not {_brief(value)}")
    if fact.least is not None and value < fact.least:
        raise Unreadable(f"须不小于 {fact.least}，现为 {value}", f"must be {fact.least} or more, not {value}")
    return Known(value, value, _same(str(value)))


def _decimal(fact: Fact, value: Any) -> Known:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _DECIMAL.match(text) or sum(map(str.isdigit, text)) > DIGITS_MAX:
        raise Unreadable(
            f'须为至多 {DIGITS_MAX} 位的小数文本，如 "299.5"，现为 {_brief(value)}',
            f'must be a decimal in text like "299.5" with at most {DIGITS_MAX} digits, not {_brief(value)}',
        )
    if fact.least is not None and (text.startswith("-") or int(text.partition(".")[0]) < fact.least):
        raise Unreadable(f"须不小于 {fact.least}，现为 {text}", f"must be {fact.least} or more, not {text}")
    return Known(text, float(text), _same(text))


def _money(_fact: Fact, value: Any) -> Known:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unreadable(
            f'须为金额文本（如 "1200万"）或以分计的整数，现为 {_brief(value)}',
            f'must be an amount in text like "1200万", or an integer number of fen, not {_brief(value)}',
        )
    if isinstance(value, str) and len(value) <= BRIEF_LENGTH_MAX:
        return _money_in_text(value)
    return _money_of(read_money(value) if isinstance(value, str) else value, value)


@lru_cache(maxsize=4096)
def _money_in_text(value: str) -> Known:
    """Read an amount once; a text that is none raises each time."""
    return _money_of(read_money(value), value)


def _money_of(amount_fen: int, value: Any) -> Known:
    if not 0 <= amount_fen < INT_MAX:
        raise Unreadable(
            f"金额须为 0 或以上且小于 90万亿元，现为 {_brief(value)}",
            f"must be 0 or more and under 90 trillion yuan, not {_brief(value)}",
        )
    text = yuan(amount_fen)
    return Known(amount_fen, amount_fen, Label(f"{text} 元", f"{text} yuan"))


def _text(_fact: Fact, value: Any) -> Known:
    if not isinstance(value, str) or not value.strip() or len(value) > TEXT_LENGTH_MAX or not value.isprintable():
        raise Unreadable(
            f"须为 1 至 {TEXT_LENGTH_MAX} 字的单行文本，现为 {_brief(value)}",
            f"must be one line of text of 1 to {TEXT_LENGTH_MAX} characters, not {_brief(value)}",
        )
    return Known(value, value, _same(value))


def _enum(fact: Fact, value: Any) -> Known:
    if not isinstance(value, str) or value not in fact.values:
        allowed = ", ".join(fact.values)
        raise Unreadable(f"须为 {allowed} 之一，现为 {_brief(value)}", f"must be one of {allowed}, not {_brief(value)}")
    return Known(value, value, fact.values[value].label)


def _date(_fact: Fact, value: Any) -> Known:
    return _known_day(value if type(value) is date else read_date(value))


@lru_cache(maxsize=4096)
def _known_day(day: date) -> Known:
    return Known(day.isoformat(), instant(day), _same(day.isoformat()))


def _list(_fact: Fact, value: Any) -> Known:
    fits = isinstance(value, list | tuple) and len(value) <= LIST_LENGTH_MAX
    if not fits or not all(
        isinstance(item, str) and 0 < len(item) <= TEXT_LENGTH_MAX and item.isprintable() for item in value
    ):
        raise Unreadable(
            f"须为至多 {LIST_LENGTH_MAX} 项文本的列表，现为 {_brief(value)}",
            f"must be a list of at most {LIST_LENGTH_MAX} texts, not {_brief(value)}",
        )
    return Known(tuple(value), list(value), Label("、".join(value) or "无", ", ".join(value) or "none"))


def _dates(_fact: Fact, value: Any) -> Known:
    if not isinstance(value, list | tuple) or len(value) > LIST_LENGTH_MAX:
        raise Unreadable(
            f"须为至多 {LIST_LENGTH_MAX} 个日期的列表，没有则写 []，现为 {_brief(value)}",
            f"must be a list of at most {LIST_LENGTH_MAX} dates, [] for none, not {_brief(value)}",
        )
    days = sorted({item if type(item) is date else read_date(item) for item in value})
    texts = tuple(day.isoformat() for day in days)
    shown = Label("、".join(texts) or "无", ", ".join(texts) or "none")
    return Known(texts, [instant(day) for day in days], shown)


def _brief(value: Any) -> str:
    """Show a wrong value without letting it fill the line."""
    text = (
        repr(value)
        if not isinstance(value, int) or abs(value) < INT_MAX
        else f"an integer of {value.bit_length()} bits"
    )
    return text if len(text) <= BRIEF_LENGTH_MAX else f"{text[:BRIEF_LENGTH_MAX]}…"


_READERS: dict[Kind, Callable[[Fact, Any], Known]] = {
    Kind.BOOL: _bool,
    Kind.INT: _int,
    Kind.DECIMAL: _decimal,
    Kind.MONEY: _money,
    Kind.TEXT: _text,
    Kind.ENUM: _enum,
    Kind.DATE: _date,
    Kind.LIST: _list,
    Kind.DATES: _dates,
}

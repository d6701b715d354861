"""Money, shares, times and durations the way people read them; docs/decisions/0007 has the conventions."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from jiaozi.kernel.fen import FEN_PER_YUAN, UFEN_PER_FEN, wan
from jiaozi.kernel.fen import yuan as in_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import SHANGHAI, Period

register = template.Library()
NONE = "—"
UNIT = Label("元", "CNY")
_RATE_PLACES_MIN = 2
_MS_PER_S = 1_000
_WAN_FEN = 10_000 * FEN_PER_YUAN


def in_english() -> bool:
    """Say whether the page is in English."""
    return (get_language() or "").startswith("en")


@register.filter
def yuan(amount_fen: int | None) -> str:
    """Give fen as yuan for a column whose head names the unit: ``1,234,567.89``."""
    return NONE if amount_fen is None else in_yuan(amount_fen)


@register.filter
def money(amount_fen: int | None) -> str:
    """Give fen with the currency: ``1,234,567.89元`` or ``CNY 1,234,567.89``."""
    if amount_fen is None:
        return NONE
    return f"CNY {in_yuan(amount_fen)}" if in_english() else f"{in_yuan(amount_fen)}元"


@register.filter
def exact(amount_fen: int | None) -> SafeString:
    """Give fen for a figure that must be read to the fen, the currency small beside it."""
    if amount_fen is None:
        return format_html("{}", NONE)
    if in_english():
        return format_html('<data value="{}"><small>CNY</small>{}</data>', amount_fen, in_yuan(amount_fen))
    return format_html('<data value="{}">{}<small>元</small></data>', amount_fen, in_yuan(amount_fen))


@register.filter
def headline(amount_fen: int | None) -> SafeString:
    """Give fen for a headline: from 1万元 on in 万元 with the exact amount behind it, else, and in English, exactly."""
    if amount_fen is None or in_english() or abs(amount_fen) < _WAN_FEN:
        return exact(amount_fen)
    return format_html(
        '<data value="{}" title="{}元">{}<small>万元</small></data>', amount_fen, in_yuan(amount_fen), wan(amount_fen)
    )


@register.filter
def as_json(plot: dict[str, Any]) -> str:
    """Give what a plot draws as the text that its place in the page holds; amounts in fen."""
    return json.dumps(plot, ensure_ascii=False, separators=(",", ":"))


@register.filter
def until(last: date, today: date) -> str:
    """Count the days from a date to a last one: how many are left, that it is today, or that it is over."""
    days = (last - today).days
    if days < 0:
        return "over" if in_english() else "已到期"
    if not days:
        return "the last day" if in_english() else "今天是最后一天"
    return (f"{days} days left" if days > 1 else "1 day left") if in_english() else f"还剩{days}天"


@register.filter
def of(part_fen: int, whole_fen: int) -> str:
    """Give a part of a whole in percent with one decimal, cut off: 100.0% is all of it, never almost all."""
    if not whole_fen:
        return NONE
    tenths = part_fen * 1000 // whole_fen
    if part_fen and not tenths:
        return "<0.1%"
    return f"{tenths // 10}.{tenths % 10}%"


@register.filter
def rate(rate_ufen: int) -> str:
    """Give a price per unit in yuan with as many decimals as it has, at least two."""
    whole, rest = divmod(rate_ufen, 100 * UFEN_PER_FEN)
    decimals = f"{rest:08d}".rstrip("0").ljust(_RATE_PLACES_MIN, "0")
    return f"{whole:,}.{decimals}"


@register.filter
def moment(instant: datetime | None) -> SafeString:
    """Give an instant in Shanghai time, to the minute."""
    return _time(instant, "%Y-%m-%d %H:%M")


@register.filter
def second(instant: datetime | None) -> SafeString:
    """Give an instant in Shanghai time, to the second."""
    return _time(instant, "%Y-%m-%d %H:%M:%S")


def _time(instant: datetime | None, form: str) -> SafeString:
    if instant is None:
        return format_html("{}", NONE)
    here = instant.astimezone(SHANGHAI)
    return format_html('<time datetime="{}">{}</time>', here.isoformat(timespec="seconds"), here.strftime(form))


@register.filter
def dates(row: Any) -> str:
    """Give the dates that a row covers from ``first`` up to and without ``end``, the short way: ``2026-11``."""
    return Period(row.first, row.end).name()


@register.filter
def duration(length_ms: int | None) -> str:
    """Give a length of time without units that are zero, ``1小时30分``, ``37 min 1 s``; under a minute with tenths."""
    if length_ms is None:
        return NONE
    names, gap = ((" h", " min", " s"), " ") if in_english() else (("小时", "分", "秒"), "")
    seconds, rest_ms = divmod(length_ms, _MS_PER_S)
    counts = (seconds // 3600, seconds // 60 % 60, seconds % 60)
    if not any(counts[:2]):
        tenths = f".{rest_ms // 100}" if rest_ms >= _MS_PER_S // 10 else ""
        return f"{seconds}{tenths}{names[2]}"
    return gap.join(f"{number}{name}" for number, name in zip(counts, names, strict=True) if number)

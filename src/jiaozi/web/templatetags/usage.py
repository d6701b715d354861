"""Words and figures of usage, of offers and of a centre's health."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.lease.rules import Verdict
from jiaozi.metering.rules.ruling import RulingVerb
from jiaozi.web.templatetags.figures import NONE, duration, moment, second
from jiaozi.web.templatetags.words import foreign, said

register = template.Library()
_MS, _US_PER_MS = 1_000, 1_000
_MINUTES, _HOURS = 60, 24
_VERBS = {
    RulingVerb.RETRY: Label("重新计价", "rated again"),
    RulingVerb.ACCEPT: Label("核准", "accepted"),
    RulingVerb.CHARGE_LATE: Label("补计", "charged late"),
    RulingVerb.WAIVE: Label("免除", "waived"),
    RulingVerb.RESOLVE: Label("裁定争议", "dispute resolved"),
}


@register.filter
def ruling_word(verb: str) -> str:
    """Say what was decided."""
    return said(_VERBS[RulingVerb(verb)])


@register.filter
def verdict_word(verdict: str) -> str:
    """Say what was decided about a job that its centre bears."""
    return said(Verdict(verdict).label)


@register.filter
def held_reason(row: Any) -> SafeString:
    """Say why a record is held back."""
    return foreign(said(Label(row.reason_zh, row.reason_en)))


@register.filter
def age(since: datetime, now: datetime) -> str:
    """Say how long ago something was, in the largest unit: ``3天``, ``5 h``."""
    if (now - since).total_seconds() < _MINUTES:
        return said(Label("刚刚", "just now"))
    minutes = max(int((now - since).total_seconds()) // 60, 0)
    if minutes < _MINUTES:
        return said(Label(f"{minutes}分钟前", f"{minutes} min ago"))
    hours = minutes // _MINUTES
    if hours < _HOURS:
        return said(Label(f"{hours}小时前", f"{hours} h ago"))
    return said(Label(f"{hours // _HOURS}天前", f"{hours // _HOURS} d ago"))


@register.filter
def apart(row: Any) -> str:
    """Say how far what is charged is from what was watched, with its sign."""
    off_ms = row.unit_ms - (row.watched_unit_ms or 0)
    return f"{'+' if off_ms > 0 else '-'}{duration(abs(off_ms))}"


@register.filter
def figure(value: Any) -> SafeString | str:
    """Give any figure of a record: an instant in Shanghai time, a dash for none."""
    if value is None or value == "":
        return NONE
    return second(value) if isinstance(value, datetime) else foreign(str(value))


@register.filter
def step(length_ms: int | None) -> str:
    """Give a step of time: under a second in milliseconds."""
    if length_ms is None or not 0 < length_ms < _MS:
        return duration(length_ms)
    return said(Label(f"{length_ms}毫秒", f"{length_ms} ms"))


@register.filter
def seconds(length_s: int | None) -> str:
    """Give a length of time that is kept in seconds."""
    return duration(None if length_s is None else length_s * _MS)


@register.filter
def day(instant: datetime) -> date:
    """Give the Shanghai date of an instant."""
    return local_date(instant)


@register.filter
def bound(instant: datetime) -> str:
    """Give where a validity begins or ends: a day where it is the day's beginning, else the moment."""
    here = local_date(instant)
    return here.isoformat() if start_of_day(here) == instant else moment(instant)


@register.filter
def micro(length_us: int) -> str:
    """Give microseconds as milliseconds with two decimals, cut off."""
    whole, rest = divmod(length_us, _US_PER_MS)
    return f"{whole}.{rest // 10:02d} ms"

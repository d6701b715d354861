"""The exchange's words: hubs, classes and periods of a session by their names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django import template

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import SHANGHAI

if TYPE_CHECKING:
    from jiaozi.web.views.exchange import Names

register = template.Library()
A_LOT = Label("元/手", "CNY a lot")
_MINUTES = 60


@register.filter
def hub_of(code: str, names: Names) -> str:
    """Say a hub."""
    return names.hub(code)


@register.filter
def class_of(code: str, names: Names) -> str:
    """Say a resource class."""
    return names.resource_class(code)


@register.filter
def start_of(period: str, names: Names) -> datetime | None:
    """Give when a period begins."""
    return names.start(period)


@register.filter
def plain_moment(instant: datetime | None) -> str:
    """Give an instant in Shanghai time as text alone, where no mark-up may stand."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if instant else ""


@register.filter
def hour(instant: datetime) -> str:
    """Give an instant's hour and minute in Shanghai, where its day was just said."""
    return f"{instant.astimezone(SHANGHAI):%H:%M}"


@register.filter
def of_day(minute: int) -> str:
    """Say a minute of the day: 1080 is 18:00."""
    return f"{minute // _MINUTES:02}:{minute % _MINUTES:02}"


@register.filter
def at(found: Mapping[str, str], key: str) -> str:
    """Give what stands under a key; the key itself where nothing does."""
    return found.get(key, key)

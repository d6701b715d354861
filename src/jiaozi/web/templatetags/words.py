"""Both languages side by side, and the words and shapes for states, classes and ledger events."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from jiaozi.catalogue.rules import CentreKind, Tier, Unit
from jiaozi.kernel.label import Label
from jiaozi.order import rules as order
from jiaozi.party.rules import HolderClass
from jiaozi.voucher import rules as voucher
from jiaozi.web.templatetags.figures import money

register = template.Library()

_STATES: dict[str, type[order.State | voucher.State]] = {"order": order.State, "voucher": voucher.State}
_CLASSES: dict[str, Any] = {"holder": HolderClass, "tier": Tier, "kind": CentreKind, "unit": Unit}

# State → (shape, tone). The shape carries the meaning where colour can't be seen; the word always stands beside it.
_LOOKS = {
    "QUOTED": ("ring", "calm"),
    "HELD": ("ring", "brand"),
    "SUBMITTED": ("half", "brand"),
    "QUEUED": ("half", "brand"),
    "RUNNING": ("play", "brand"),
    "ENDED": ("square", "calm"),
    "METERED": ("square", "brand"),
    "CAPTURED": ("check", "ok"),
    "SETTLED": ("double", "ok"),
    "REFUSED": ("cross", "bad"),
    "CANCELLED": ("dash", "calm"),
    "FAILED": ("cross", "bad"),
    "ACTIVE": ("check", "ok"),
    "FROZEN": ("pause", "warn"),
    "EXPIRED": ("dash", "calm"),
    "REVOKED": ("cross", "bad"),
}

_EVENTS = {
    "voucher.issue": Label("发放", "issued"),
    "order.hold": Label("订单冻结", "held for an order"),
    "order.capture": Label("核销", "captured"),
    "order.release": Label("解冻", "released"),
    "voucher.expire": Label("到期失效", "lapsed"),
    "voucher.cancel": Label("作废", "cancelled"),
    "voucher.revoke": Label("撤销", "revoked"),
}


@register.simple_tag
def say(zh: str, en: str) -> str:
    """Say a text of a template, which stands there in both languages."""
    return Label(zh, en).in_language(get_language() or "")


@register.filter
def said(label: Label) -> str:
    """Say a label in the page's language."""
    return label.in_language(get_language() or "")


@register.filter
def named(value: str, words: str) -> str:
    """Say a stored word: of a ``holder`` class, ``tier``, ``kind`` of centre or ``unit``."""
    return str(said(_CLASSES[words](value).label))


@register.filter
def name_of(row: Any) -> str:
    """Say the name of a row that has one in each language."""
    return str(said(Label(row.name_zh, row.name_en)))


@register.filter
def demo_value(parameter: Any) -> str:
    """Say an unpublished parameter's demo value, a dash where it has none."""
    value = parameter.typed(allow_demo=True)
    if value is None:
        return "—"
    if parameter.kind == "bool":
        return said(Label("是", "yes") if value else Label("否", "no"))
    return money(value) if parameter.kind == "money" else str(parameter.demo)


@register.filter
def event(name: str) -> str:
    """Say a ledger event; one that has no words yet shows as it is."""
    return said(_EVENTS[name]) if name in _EVENTS else name


@register.inclusion_tag("web/parts/state.html")
def state(life: str, value: str) -> dict[str, str]:
    """Show a state by its word, its shape and its tone."""
    shape, tone = _LOOKS[value]
    return {"word": said(_STATES[life](value).label), "shape": shape, "tone": tone}


@register.simple_tag
def page_language() -> str:
    """Give the page's language for its ``lang`` attribute."""
    return "en" if (get_language() or "").startswith("en") else "zh-CN"


@register.filter
def foreign(text: str) -> SafeString:
    """Mark a Chinese name inside an English page, so that it is read and drawn as Chinese."""
    if page_language() == "en":
        return format_html('<span lang="zh-CN">{}</span>', text)
    return format_html("{}", text)

"""Both languages side by side, and the words and shapes for states, classes and ledger events."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.template.base import FilterExpression, Parser, Token
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from jiaozi.application import rules as application
from jiaozi.catalogue.rules import CentreKind, Tier, Unit
from jiaozi.exchange.rules import SessionState
from jiaozi.kernel.label import Label
from jiaozi.lab.rules.keeping import RunState
from jiaozi.lease import rules as lease
from jiaozi.metering.rules import UsageState
from jiaozi.order import rules as order
from jiaozi.party.rules import HolderClass
from jiaozi.settlement import rules as settlement
from jiaozi.settlement.rules.award import AwardState, StageState
from jiaozi.settlement.rules.redeem import RedeemState
from jiaozi.voucher import rules as voucher
from jiaozi.web.templatetags.figures import in_english, money

register = template.Library()
_CHINESE_FROM = "\u2e80"  # the first of the East Asian blocks

_STATES: dict[str, Any] = {
    "application": application.State,
    "lease": lease.State,
    "order": order.State,
    "voucher": voucher.State,
    "statement": settlement.State,
    "redemption": RedeemState,
    "award": AwardState,
    "stage": StageState,
    "run": RunState,
    "session": SessionState,
    "usage": UsageState,
}
_CLASSES: dict[str, Any] = {"holder": HolderClass, "tier": Tier, "kind": CentreKind, "unit": Unit}

# State → (shape, tone). The shape carries the meaning where colour can't be seen; the word always stands beside it.
_LOOKS = {
    "DRAFT": ("ring", "calm"),
    "RETURNED": ("warn", "warn"),
    "UNDER_REVIEW": ("half", "busy"),
    "PUBLIC_NOTICE": ("half", "busy"),
    "REJECTED": ("cross", "bad"),
    "WITHDRAWN": ("dash", "calm"),
    "APPEALED": ("warn", "warn"),
    "QUOTED": ("ring", "calm"),
    "HELD": ("ring", "busy"),
    "STAGING": ("ring", "busy"),
    "SUBMITTED": ("half", "busy"),
    "QUEUED": ("half", "busy"),
    "RUNNING": ("play", "busy"),
    "ENDED": ("square", "calm"),
    "METERED": ("square", "busy"),
    "CAPTURED": ("check", "ok"),
    "SETTLED": ("double", "ok"),
    "REFUSED": ("cross", "bad"),
    "CANCELLED": ("dash", "calm"),
    "FAILED": ("cross", "bad"),
    "ACTIVE": ("check", "ok"),
    "FROZEN": ("pause", "warn"),
    "EXPIRED": ("dash", "calm"),
    "REVOKED": ("cross", "bad"),
    "OPEN": ("ring", "calm"),
    "CLOSED": ("square", "calm"),
    "MATCHED": ("check", "busy"),
    "APPROVED": ("check", "ok"),
    "PAID": ("double", "ok"),
    "DISPUTED": ("warn", "warn"),
    "ADJUSTED": ("dash", "calm"),
    "ACCEPTED": ("check", "busy"),
    "AWARDED": ("check", "busy"),
    "PART_PAID": ("half", "busy"),
    "WAITING": ("ring", "calm"),
    "READY": ("check", "ok"),
    "DONE": ("check", "ok"),
    "RECALLED": ("half", "busy"),
    "GIVEN_BACK": ("check", "ok"),
    "WRITTEN_OFF": ("warn", "warn"),
    "CLEARED": ("check", "busy"),
    "VOIDED": ("dash", "calm"),
    "RECEIVED": ("ring", "calm"),
    "HELD_BACK": ("warn", "warn"),
    "WAIVED": ("dash", "calm"),
}

_EVENTS = {
    "voucher.issue": Label("发放", "issued"),
    "usage.import": Label("导入的用量", "imported usage"),
    "order.hold": Label("订单冻结", "held for an order"),
    "order.capture": Label("核销", "captured"),
    "order.release": Label("解冻", "released"),
    "lease.hold": Label("划为中心本地额度", "set aside at a centre"),
    "lease.release": Label("本地额度变动", "set aside anew"),
    "voucher.expire": Label("到期失效", "lapsed"),
    "voucher.cancel": Label("作废", "cancelled"),
    "voucher.revoke": Label("撤销", "revoked"),
    "budget.approve": Label("批准年度预算", "year's budget approved"),
    "budget.awards": Label("批准奖励预算", "budget for awards approved"),
    "order.hold.move": Label("数据传输冻结", "held for data movement"),
    "redeem.hold": Label("兑付冻结", "held for a redemption"),
    "redeem.pay": Label("兑付", "redeemed"),
    "redeem.release": Label("兑付解冻", "released from a redemption"),
    "statement.pay": Label("支付结算单", "statement paid"),
    "award.grant": Label("授予奖励", "awarded"),
    "award.pay": Label("支付奖励", "award paid"),
    "award.withdraw": Label("撤销奖励", "award taken back"),
    "disallow.cash": Label("追减", "disallowed"),
    "clawback.recover": Label("追回奖励", "award recovered"),
    "year.lapse": Label("年终失效", "lapsed at the year's end"),
    "year.close": Label("年终结账", "year closed"),
}


class Said(template.Node):
    """A text of a template in the page's language: the one that is wanted is looked up, and nothing else."""

    def __init__(self, zh: FilterExpression, en: FilterExpression, name: str) -> None:
        self._zh, self._en, self._name = zh, en, name

    def render(self, context: template.Context) -> SafeString:
        """Give the text, or keep it under the name that was asked for."""
        text = (self._en if in_english() else self._zh).resolve(context)
        if self._name:
            context[self._name] = text
            return SafeString()
        return conditional_escape(text)


@register.tag
def say(parser: Parser, token: Token) -> Said:
    """Say a text of a template, which stands there in both languages: ``{% say "是" "yes" %}``, with ``as`` to keep it.

    A node of its own, for a page says eighty of them, and each would cost the general tag forty calls.
    """
    _, *words = token.split_contents()
    texts, kept = words[:2], words[2:]
    if len(texts) != 2 or (kept and (len(kept) != 2 or kept[0] != "as")):  # noqa: PLR2004 - zh en [as name]
        raise template.TemplateSyntaxError("say: a Chinese and an English text, and a name after as")
    return Said(parser.compile_filter(texts[0]), parser.compile_filter(texts[1]), kept[1] if kept else "")


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
def value(parameter: Any) -> str:
    """Say a parameter's value, an unpublished one's demo value, a dash where it has none."""
    typed = parameter.typed(allow_demo=True)
    if typed is None:
        return "—"
    if parameter.kind == "bool":
        return said(Label("是", "yes") if typed else Label("否", "no"))
    return money(typed) if parameter.kind == "money" else foreign(str(parameter.demo or parameter.value))


@register.filter
def event(name: str) -> str:
    """Say a ledger event; one that has no words yet shows as it is."""
    return said(_EVENTS[name]) if name in _EVENTS else name


@register.simple_tag
def state(life: str, value: str) -> SafeString:
    """Show a state by its word, its shape and its tone."""
    return _drawn(life, value, get_language() or "")


@cache
def _drawn(life: str, value: str, language: str) -> SafeString:
    """Draw a state once a process and language: there are a few dozen, and a list shows one a row."""
    return render_to_string("web/parts/state.html", look(life, value, language))


def look(life: str, value: str, language: str) -> dict[str, str]:
    """Give a state's word, its shape and its tone."""
    shape, tone = _LOOKS[value]
    word = _STATES[life](value).label.in_language(language)
    return {"word": word[:1].upper() + word[1:], "shape": shape, "tone": tone}


@register.simple_tag
def page_language() -> str:
    """Give the page's language for its ``lang`` attribute."""
    return "en" if (get_language() or "").startswith("en") else "zh-CN"


@register.filter
def foreign(text: str) -> SafeString:
    """Mark a Chinese name inside an English page, so that it is read and drawn as Chinese."""
    if page_language() == "en" and any(character >= _CHINESE_FROM for character in text):
        return format_html('<span lang="zh-CN">{}</span>', text)
    return format_html("{}", text)

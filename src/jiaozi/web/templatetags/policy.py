"""The words and shapes of a decision tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import Measure, Subject, Truth
from jiaozi.policy.rules.explaining import MEASURES, SUBJECTS, TRUTHS
from jiaozi.web.templatetags.words import foreign, name_of, said

register = template.Library()
_VERBS = {
    "apply": Label("提交", "submitted"),
    "draft": Label("起草", "drafted"),
    "amend": Label("修改", "amended"),
    "submit": Label("提交", "submitted"),
    "resubmit": Label("再次提交", "submitted again"),
    "withdraw": Label("撤回", "withdrawn"),
    "appeal": Label("申诉", "appealed"),
    "review": Label("审核判定", "reviewed"),
    "record_by_hand": Label("记录人工决定", "decided by hand"),
    "send_back": Label("退回补正", "sent back"),
    "notify_public": Label("公示", "put on notice"),
    "reject": Label("不予批准", "rejected"),
    "approve": Label("批准", "approved"),
}
_SHAPES = {
    Truth.TRUE: "check",
    Truth.FALSE: "cross",
    Truth.ERROR: "warn",
    Truth.UNKNOWN: "ring",
    Truth.UNPUBLISHED: "dash",
}
_STATEMENT_VERBS = {
    "open": Label("开单", "opened"),
    "close": Label("结账", "closed"),
    "claim": Label("申报", "claimed"),
    "match": Label("三方核对", "matched"),
    "approve": Label("批准", "approved"),
    "pay": Label("支付", "paid"),
    "dispute": Label("争议", "disputed"),
    "resolve": Label("处理争议", "resolved"),
}


@register.filter
def truth_icon(truth: str) -> str:
    """Give the address of a truth's shape."""
    return f"{static('web/icons.svg')}#{_SHAPES[Truth(truth)]}"


@register.filter
def truth_word(truth: str) -> str:
    """Say a truth."""
    return said(TRUTHS[Truth(truth)])


@register.filter
def measure_word(measure: str) -> str:
    """Say what a cap measures."""
    return said(MEASURES[Measure(measure)])


@register.filter
def subject_word(subject: str) -> str:
    """Say for whom a cap adds up."""
    return said(SUBJECTS[Subject(subject)])


@register.filter
def parameter_word(name: str, parameters: Mapping[str, Any]) -> str:
    """Say what is not published: a parameter by its name, a condition by its place in its clause."""
    if name in parameters:
        return said(parameters[name].label)
    place = name.rpartition("[")[2].removesuffix("]")
    return said(Label(f"第{int(place) + 1}项条件", f"condition {int(place) + 1}")) if place.isdigit() else name


@register.filter
def application_verb(verb: str) -> str:
    """Say a step of an application's life; one that has no words yet shows as it is."""
    return said(_VERBS[verb]) if verb in _VERBS else verb


@register.filter
def actor_name(line: Any, people: Mapping[str, str]) -> SafeString:
    """Say who wrote a line of the journal."""
    return foreign(people.get(line.by, line.by))


@register.filter
def stored_reason(reason: Mapping[str, Any]) -> str:
    """Say a reason as a row keeps it."""
    label = reason.get("label") or {}
    return said(Label(str(label.get("zh", "")), str(label.get("en", ""))))


@register.filter
def alert_reason(row: Any) -> str:
    """Say why an alert was raised."""
    return said(Label(row.reason_zh, row.reason_en))


@register.filter
def centre_name(centre: str, centres: Mapping[str, Any]) -> SafeString:
    """Say a centre's name."""
    return foreign(name_of(centres[centre]) if centre in centres else centre)


@register.filter
def statement_verb(verb: str) -> str:
    """Say a step of a statement's life; one that has no words yet shows as it is."""
    return said(_STATEMENT_VERBS[verb]) if verb in _STATEMENT_VERBS else verb

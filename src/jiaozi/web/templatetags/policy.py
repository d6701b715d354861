"""The words and shapes of a decision tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import Measure, Subject, Truth
from jiaozi.policy.rules.comparing import TURNS, Turn
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
    "end_demo_notice": Label("演示：提前结束公示", "demo: notice ended early"),
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
_GRANT_VERBS = {
    "submit_redemption": Label("提交", "submitted"),
    "accept_redemption": Label("认定", "accepted"),
    "reject_redemption": Label("驳回", "rejected"),
    "withdraw_redemption": Label("撤回", "withdrawn"),
    "cancel_redemption": Label("撤销认定", "acceptance taken back"),
    "pay_redemption": Label("支付", "paid"),
    "award": Label("决定授予", "awarded"),
    "accept_report": Label("材料通过", "papers accepted"),
    "pay_award": Label("支付", "paid"),
    "withdraw_award": Label("撤销", "withdrawn"),
}
_FUND_WORDS = {
    "PREFUND": Label("财政预拨", "treasury's advance"),
    "REPLENISH": Label("补足", "replenished"),
    "RECOVER": Label("追回", "recovered"),
    "REMIT": Label("缴回财政", "remitted to the treasury"),
    "RETURN": Label("年终缴回", "returned at the year's end"),
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
def person_said(by: str, people: Mapping[str, str]) -> SafeString:
    """Say who it was, by the name that the journal has."""
    return foreign(people.get(by, by))


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


@register.filter
def grant_verb(verb: str) -> str:
    """Say a step of a redemption or an award; one that has no words yet shows as it is."""
    return said(_GRANT_VERBS[verb]) if verb in _GRANT_VERBS else verb


@register.filter
def fund_word(kind: str) -> str:
    """Say what moved the reserve."""
    return said(_FUND_WORDS[kind]) if kind in _FUND_WORDS else kind


@register.filter
def turn_word(turn: str) -> str:
    """Say what became of a statement of the policy."""
    return said(TURNS[Turn(turn)])


@register.filter
def turn_tone(turn: str) -> str:
    """Give the tone of a turn; the word beside it says the same."""
    return {Turn.ADDED: "ok", Turn.RAISED: "ok", Turn.REMOVED: "bad", Turn.LOWERED: "warn"}.get(Turn(turn), "busy")


@register.filter
def loader_name(row: Any, people: Mapping[str, str]) -> SafeString:
    """Say who took a version into use."""
    return foreign(people.get(row.loaded_by, row.loaded_by))

"""Which events people are told of, in which words, and who hears of each: by role and by place.

A table, ``TOLD``, so that a new event is one line. Whoever did a thing is not told of it. People choose by topic, not
by event: what they see on their page, and what also comes by mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import SHANGHAI
from jiaozi.kernel.refusal import Refused
from jiaozi.notice.rules.webhooks import Thing
from jiaozi.party.rules import Role

MAIL_LINES_MAX = 50
"""So many lines stand in one mail; what is more is counted."""
MAIL_TRIES = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
"""Pauses after the first, second … failure of a mail; after the last it is given up, and stays on the page."""


class Topic(StrEnum):
    """What people choose by."""

    APPLICATION = "APPLICATION"
    VOUCHER = "VOUCHER"
    EXPIRY = "EXPIRY"
    ORDER = "ORDER"
    GRANT = "GRANT"
    REVIEW = "REVIEW"
    STATEMENT = "STATEMENT"
    PRICE = "PRICE"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _TOPICS[self]


_TOPICS = {
    Topic.APPLICATION: Label("申领进度", "Applications"),
    Topic.VOUCHER: Label("算力券", "Vouchers"),
    Topic.EXPIRY: Label("算力券到期提醒", "Vouchers about to end"),
    Topic.ORDER: Label("作业", "Jobs"),
    Topic.GRANT: Label("兑付与奖励", "Redemptions and awards"),
    Topic.REVIEW: Label("待审核事项", "Work to review"),
    Topic.STATEMENT: Label("对账与付款", "Statements and payments"),
    Topic.PRICE: Label("价目变动", "Changes of prices"),
}
_BY_MAIL = frozenset({Topic.APPLICATION, Topic.VOUCHER, Topic.EXPIRY, Topic.GRANT, Topic.STATEMENT})
"""What comes by mail too, until somebody chooses otherwise: what happens seldom and is waited for."""


class Concern(Enum):
    """Whose affair an event is, beside its programme's."""

    HOLDER = "HOLDER"
    CENTRE = "CENTRE"
    PROGRAMME = "PROGRAMME"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of an event: of the place that it concerns, those in these roles."""

    concern: Concern
    roles: frozenset[Role]


_HOLDER = Audience(Concern.HOLDER, frozenset({Role.APPLICANT}))
_CENTRE = Audience(Concern.CENTRE, frozenset({Role.CENTRE}))
_OFFICER = Audience(Concern.PROGRAMME, frozenset({Role.OFFICER}))
_FINANCE = Audience(Concern.PROGRAMME, frozenset({Role.FINANCE}))
_WATCH_PRICES = Audience(Concern.PROGRAMME, frozenset({Role.OFFICER, Role.OPERATOR}))


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one event says to whom."""

    topic: Topic
    audience: Audience
    label: Label


def _told(topic: Topic, audience: Audience, **events: tuple[str, str]) -> dict[str, Sentence]:
    """Write a part of the table: a stage and a verb by ``__`` between them, and what they say."""
    return {name.replace("__", "."): Sentence(topic, audience, Label(*words)) for name, words in events.items()}


TOLD: dict[str, Sentence] = {
    **_told(
        Topic.REVIEW,
        _OFFICER,
        application__apply=("收到新的申领，待受理", "a new application came in"),
        application__submit=("收到新的申领，待受理", "a new application came in"),
        application__resubmit=("申领已补正，待受理", "an application was completed"),
        application__appeal=("申领人提出申诉", "an applicant appealed"),
        settlement__submit_redemption=("收到兑付申请，待审核", "a redemption came in"),
    ),
    **_told(
        Topic.APPLICATION,
        _HOLDER,
        application__send_back=("申领被退回，请补正材料", "your application was sent back: something is missing"),
        application__reject=("申领未获批准，理由见卷宗", "your application was rejected; the reasons are in it"),
        application__notify_public=("申领通过审核，进入公示", "your application passed and is on public notice"),
    ),
    **_told(
        Topic.VOUCHER,
        _HOLDER,
        voucher__issue=("算力券已发放", "a voucher was issued to you"),
        voucher__freeze=("算力券已冻结", "your voucher was frozen"),
        voucher__unfreeze=("算力券已解冻", "your voucher may be spent again"),
        voucher__cancel=("算力券已作废", "your voucher was cancelled"),
        voucher__revoke=("算力券已撤销", "your voucher was revoked"),
        voucher__expire=("算力券已到期", "your voucher expired"),
    ),
    **_told(Topic.EXPIRY, _HOLDER, voucher__ends_soon=("算力券即将到期", "your voucher is about to end")),
    **_told(
        Topic.ORDER,
        _HOLDER,
        order__run=("作业已开始运行", "your job began to run"),
        order__capture=("作业已结束并计费", "your job ended and was charged"),
        order__fail=("作业失败，冻结已解除", "your job failed; its hold was released"),
        order__give_up=("作业已放弃，冻结已解除", "your job was given up; its hold was released"),
        order__lose=(
            "中心已找不到作业，冻结保留待核实",
            "your centre lost your job; its hold stays for now",
        ),
        order__stop=("作业达到冻结上限，已要求停止", "your job reached its hold and is being stopped"),
        order__warn=("会话即将结束，请保存或延长", "your session is about to end: save your work, or extend it"),
        order__extend_refused=(
            "会话未能延长，追加的冻结已解除",
            "your session was not extended; what was held for it was released",
        ),
        order__re_place=("作业已改派到另一中心", "your job was moved to another centre"),
    ),
    **_told(
        Topic.GRANT,
        _HOLDER,
        settlement__accept_redemption=("兑付申请已通过", "your redemption was accepted"),
        settlement__reject_redemption=("兑付申请未通过", "your redemption was rejected"),
        settlement__pay_redemption=("兑付款已支付", "your redemption was paid"),
        settlement__award=("奖励已授予", "an award was granted to you"),
    ),
    **_told(
        Topic.STATEMENT,
        _CENTRE,
        settlement__close=("结算单已出，请申报", "a statement closed: please claim"),
        settlement__pay=("结算单已付款", "a statement was paid"),
    ),
    **_told(
        Topic.STATEMENT,
        _OFFICER,
        settlement__claim=("中心已申报，待核对", "a centre claimed: please match"),
        settlement__dispute=("结算单有争议", "a statement is disputed"),
    ),
    **_told(
        Topic.STATEMENT,
        _FINANCE,
        settlement__match=("结算单核对无差异，待批准", "a statement matched: please approve"),
        settlement__approve=("结算单已批准，待付款", "a statement was approved: please pay"),
    ),
    **_told(
        Topic.PRICE,
        _WATCH_PRICES,
        catalogue__publish_tariff=("算力中心发布了新价目", "a centre published a new price"),
    ),
}


class MailState(StrEnum):
    """Whether a line also goes by mail, and how far it is."""

    NONE = "NONE"
    WAITING = "WAITING"
    SENT = "SENT"
    GIVEN_UP = "GIVEN_UP"


class UnableToChoose(Refused):
    """The choice can't be kept so."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How somebody hears of a topic."""

    topic: Topic
    shown: bool
    mailed: bool


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who may hear of an event, by what they may be."""

    person: UUID
    role: Role
    organisation: UUID | None = None
    centre: str = ""
    programme: str = ""


def audience_of(events: Iterable[str]) -> frozenset[Role]:
    """Give the roles that any of these events is for."""
    return frozenset(role for event in events if event in TOLD for role in TOLD[event].audience.roles)


def hears(recipient: Recipient, event: str, thing: Thing, *, by: str) -> bool:
    """Say whether somebody is told of an event: in its audience's role, at the place that it concerns, not its doer."""
    audience = TOLD[event].audience
    if recipient.role not in audience.roles or by == f"person:{recipient.person}":
        return False
    if audience.concern is Concern.HOLDER:
        return thing.holder is not None and recipient.organisation == thing.holder
    if audience.concern is Concern.CENTRE:
        return thing.centre != "" and recipient.centre == thing.centre
    return thing.programme == "" or recipient.programme in {"", thing.programme}


def topics_of(roles: Iterable[Role]) -> list[Topic]:
    """Give the topics that somebody in these roles can hear of at all, in their order."""
    held = frozenset(roles)
    return [
        topic for topic in Topic if any(each.topic is topic and each.audience.roles & held for each in TOLD.values())
    ]


def chosen(kept: Mapping[str, tuple[bool, bool]], topic: Topic) -> Choice:
    """Give how somebody hears of a topic: as they chose, else on the page, and by mail what is waited for."""
    shown, mailed = kept.get(topic, (True, topic in _BY_MAIL))
    return Choice(topic, shown, mailed)


def mail_again(attempts: int, now: datetime) -> datetime | None:
    """Give when a mail is tried again after so many failures; None when it is given up."""
    return now + MAIL_TRIES[attempts - 1] if attempts <= len(MAIL_TRIES) else None


def mail_text(lines: Sequence[tuple[datetime, Label, str]], more: int, address: str) -> tuple[str, str]:
    """Write a mail's subject and text, Chinese first: instants as Asia/Shanghai shows them, what happened, and where.

    No name and no reason stands in it, and no amount but what a voucher that is about to end would lose: mail is read
    by more than its reader.
    """
    count = len(lines) + more
    subject = f"交子：{lines[0][1].zh}" if count == 1 else f"交子：{count}条新消息"
    zh = [f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} {label.zh}\n  {address}{path}" for at, label, path in lines]
    en = [f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} {label.en}" for at, label, _ in lines]
    rest_zh, rest_en = ([f"另有{more}条，请登录查看。"], [f"and {more} more on your page."]) if more else ([], [])
    foot = f"在此选择接收哪些消息 / Choose what you hear of: {address}/account/notifications/choices"
    return subject, "\n".join([*zh, *rest_zh, "", "—", "", *en, *rest_en, "", foot, ""])

"""How two organisations are related: one fact with its source and its dates, in one standard form.

A shareholding points from the owner to the owned; every other kind holds both ways and is kept once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import kept_text
from jiaozi.party.rules.actor import Actor, Role

WHOLE_BP = 10_000
"""Basis points of a whole company."""
SOURCE_MAX = 200
DETAIL_MAX = 200


class RelationKind(StrEnum):
    """What ties two organisations together."""

    SHAREHOLDING = "SHAREHOLDING"
    SAME_LEGAL_REPRESENTATIVE = "SAME_LEGAL_REPRESENTATIVE"
    SAME_ADDRESS = "SAME_ADDRESS"
    SAME_ACCOUNT = "SAME_ACCOUNT"
    FAMILY = "FAMILY"
    OTHER = "OTHER"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]

    @property
    def symmetric(self) -> bool:
        """Whether it says the same read from either end."""
        return self is not RelationKind.SHAREHOLDING


_LABELS = {
    RelationKind.SHAREHOLDING: Label("持股", "shareholding"),
    RelationKind.SAME_LEGAL_REPRESENTATIVE: Label("同一法定代表人", "same legal representative"),
    RelationKind.SAME_ADDRESS: Label("同一地址", "same address"),
    RelationKind.SAME_ACCOUNT: Label("同一银行账户", "same bank account"),
    RelationKind.FAMILY: Label("负责人亲属关系", "family of those in charge"),
    RelationKind.OTHER: Label("其他申报的关联", "another declared tie"),
}


class UnableToRelate(Refused):
    """The relation can't be recorded so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One tie: from ``since`` up to and without ``until``; ``share_bp`` is what ``one`` owns of ``other``."""

    kind: RelationKind
    one: UUID
    other: UUID
    source: str
    since: date
    until: date | None = None
    share_bp: int | None = None

    def in_force(self, day: date) -> bool:
        """Say whether it holds on a date."""
        return self.since <= day and (self.until is None or day < self.until)

    def counts(self, day: date, share_least_bp: int) -> bool:
        """Say whether it ties two organisations on a date: in force, and as a shareholding large enough."""
        return self.in_force(day) and (self.share_bp is None or self.share_bp >= share_least_bp)


def may_relate(by: Actor) -> None:
    """Let officers record relations, and the system for an import.

    Raises
    ------
    UnableToStep
        Naming who may.
    """
    if by.role not in {Role.OFFICER, Role.SYSTEM}:
        raise UnableToStep(
            "WRONG_ROLE",
            f"{by.role}无权登记关联关系，须由经办办理",
            f"{by.role} may not record relations; an officer may",
            field="role",
        )


def check_relation(relation: Relation) -> Relation:
    """Give the relation in its standard form: a tie that holds both ways begins at the lower id.

    Raises
    ------
    UnableToRelate
        Naming the field.
    """
    if relation.one == relation.other:
        raise UnableToRelate(
            "ITSELF", "主体不能与自身关联", "an organisation is not related to itself; name another", field="other"
        )
    source = " ".join(relation.source.split())
    if not source or len(source) > SOURCE_MAX:
        raise UnableToRelate(
            "SOURCE_MISSING",
            f"请写明来源（最长{SOURCE_MAX}字）",
            f"say where it is known from, in at most {SOURCE_MAX} characters",
            field="source",
        )
    kept_text(source, "source", most=SOURCE_MAX, refusal=UnableToRelate)
    _check_share(relation)
    check_end(relation.since, relation.until)
    if relation.kind.symmetric and relation.other < relation.one:
        return replace(relation, one=relation.other, other=relation.one, source=source)
    return replace(relation, source=source)


def _check_share(relation: Relation) -> None:
    if relation.kind.symmetric and relation.share_bp is not None:
        raise UnableToRelate(
            "SHARE_NOT_ASKED",
            f"“{relation.kind.label.zh}”没有持股比例",
            f"{relation.kind.label.en} has no share; leave it out",
            field="share",
        )
    if not relation.kind.symmetric and not (relation.share_bp and 0 < relation.share_bp <= WHOLE_BP):
        raise UnableToRelate(
            "SHARE_OUT_OF_RANGE",
            "持股比例须大于0且不超过100%",
            "a shareholding has a share above 0 and up to 100 %",
            field="share",
        )


def check_end(since: date, until: date | None) -> None:
    """Let a relation end only after it began.

    Raises
    ------
    UnableToRelate
        When it would end before.
    """
    if until is not None and until <= since:
        raise UnableToRelate(
            "ENDS_BEFORE_IT_BEGINS",
            f"终止日期须晚于起始日期{since}",
            f"it began on {since}; it can only end later",
            field="until",
        )


def check_whole(held_bp: int, share_bp: int) -> None:
    """Keep the shares of one organisation within the whole of it.

    Raises
    ------
    UnableToRelate
        When they would come to more than 100 %.
    """
    if held_bp + share_bp > WHOLE_BP:
        raise UnableToRelate(
            "SHARES_OVER_WHOLE",
            f"已登记{percent(held_bp)}%，再加{percent(share_bp)}%超过100%，请先终止旧的持股记录",
            f"{percent(held_bp)} % are recorded; {percent(share_bp)} % more is over the whole: end the old share first",
            field="share",
        )


def check_detail(detail: str) -> str:
    """Give the erasable detail (a person's name, an address, an account) in its standard form.

    Raises
    ------
    UnableToRelate
        When it is too long or holds what can't be read.
    """
    clean = " ".join(detail.split())
    if len(clean) > DETAIL_MAX or not clean.isprintable():
        raise UnableToRelate(
            "DETAIL_TOO_LONG",
            f"说明最长{DETAIL_MAX}个可见字符",
            f"a detail is at most {DETAIL_MAX} visible characters",
            field="detail",
        )
    return clean


def percent(share_bp: int) -> str:
    """Say basis points as a percentage without needless zeros.

    >>> percent(6000), percent(3333), percent(5)
    ('60', '33.33', '0.05')
    """
    whole, rest = divmod(share_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)

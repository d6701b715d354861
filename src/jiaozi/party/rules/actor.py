"""Roles, and the actor on whose word a verb acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import kept_text

ACTOR_NAME_MAX = 80
"""The journal names everybody who acts."""


class Role(StrEnum):
    """What an actor may be to a programme; transition tables name the roles that may take a step."""

    APPLICANT = "APPLICANT"
    OFFICER = "OFFICER"
    FINANCE = "FINANCE"
    CENTRE = "CENTRE"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"
    SYSTEM = "SYSTEM"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _ROLES[self]


_ROLES = {
    Role.APPLICANT: Label("申领主体", "applicant"),
    Role.OFFICER: Label("经办", "officer"),
    Role.FINANCE: Label("财政", "finance"),
    Role.CENTRE: Label("算力中心", "centre"),
    Role.OPERATOR: Label("平台运营", "operator"),
    Role.AUDITOR: Label("审计", "auditor"),
    Role.SYSTEM: Label("系统", "system"),
}


class Scope(StrEnum):
    """What a program may do on a person's behalf; a person who is signed in has every scope of the role."""

    READ = "READ"
    APPLY = "APPLY"
    SPEND = "SPEND"
    OFFER = "OFFER"
    METER = "METER"
    DECIDE = "DECIDE"
    SETTLE = "SETTLE"
    TRADE = "TRADE"
    ADMINISTER = "ADMINISTER"

    @property
    def label(self) -> Label:
        """What it allows, as said on screen."""
        return _SCOPES[self]


_SCOPES = {
    Scope.READ: Label("查看", "read"),
    Scope.APPLY: Label("申领与提交材料", "apply and hand in papers"),
    Scope.SPEND: Label("用券下单", "quote and place orders"),
    Scope.OFFER: Label("发布资源与价目", "publish offers and tariffs"),
    Scope.METER: Label("报送用量与探测", "push usage and probes"),
    Scope.DECIDE: Label("审核与发放", "review, decide and issue"),
    Scope.SETTLE: Label("对账与兑付", "claim, match and pay statements"),
    Scope.TRADE: Label("参与或主持算力交易", "bid and offer on the exchange, or run it"),
    Scope.ADMINISTER: Label("管理成员", "manage members"),
}

SCOPES_OF = {
    Role.APPLICANT: frozenset({Scope.READ, Scope.APPLY, Scope.SPEND, Scope.TRADE, Scope.ADMINISTER}),
    Role.OFFICER: frozenset({Scope.READ, Scope.DECIDE, Scope.SETTLE, Scope.TRADE, Scope.ADMINISTER}),
    Role.FINANCE: frozenset({Scope.READ, Scope.SETTLE, Scope.TRADE}),
    Role.CENTRE: frozenset({Scope.READ, Scope.OFFER, Scope.METER, Scope.SETTLE, Scope.TRADE, Scope.ADMINISTER}),
    Role.OPERATOR: frozenset({Scope.READ, Scope.OFFER, Scope.METER, Scope.SETTLE, Scope.TRADE, Scope.ADMINISTER}),
    Role.AUDITOR: frozenset({Scope.READ}),
    Role.SYSTEM: frozenset(Scope),
}
"""The most that a token of a role's membership may be allowed."""


class UnableToNameActor(Refused):
    """Nobody can act under this name."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for a verb.

    Attributes
    ----------
    name
        Who it is, in the journal and wherever two steps must not be one person's: ``person:<id>`` whichever membership
        or token the person acts by.
    organisation, centre, programme
        Bound its reach; an empty programme means every one.
    administrator
        Whether it may let others in where it acts itself.
    scopes
        What a program may do on the person's behalf; None for the person.
    """

    name: str
    role: Role
    organisation: UUID | None = None
    centre: str | None = None
    programme: str = ""
    administrator: bool = False
    scopes: frozenset[Scope] | None = None

    def __post_init__(self) -> None:
        """Refuse a name that the journal could not keep."""
        kept_text(self.name, "by", most=ACTOR_NAME_MAX, refusal=UnableToNameActor)


class UnableToActForCentre(Refused):
    """A centre's clerk reached for another centre's affairs."""


class UnableToActForProgramme(Refused):
    """Somebody reached for a programme that the membership doesn't name."""


class UnableToSee(Refused):
    """Somebody looked for what is another's."""


class UnableToActByToken(Refused):
    """A program reached for what its token doesn't allow."""


def check_own_centre(by: Actor, centre: str) -> None:
    """Keep a centre's clerk to the clerk's own centre; every other role is bounded elsewhere.

    Raises
    ------
    UnableToActForCentre
        When the actor speaks for a centre, and not for this one.
    """
    if by.role is Role.CENTRE and by.centre != centre:
        raise UnableToActForCentre(
            "NOT_YOUR_CENTRE",
            f"您只能办理本中心（{by.centre or '未指定'}）的事项，不能办理 {centre} 的",
            f"you may act for your own centre ({by.centre or 'none named'}), not for {centre}",
            field="centre",
        )


def check_own_programme(by: Actor, programme: str) -> None:
    """Keep an actor to the programme that the membership names; without one it is every programme.

    Raises
    ------
    UnableToActForProgramme
        When it names another.
    """
    if by.programme and by.programme != programme:
        raise UnableToActForProgramme(
            "NOT_YOUR_PROGRAMME",
            f"您只能办理项目{by.programme}的事项，不能办理{programme}的",
            f"you may act for the programme {by.programme}, not for {programme}",
            field="programme",
        )


OVERSEERS = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.OPERATOR, Role.SYSTEM})
"""Who sees every holder's affairs, of the programme that the membership names."""


def check_may_see(
    by: Actor | None, *, holder: UUID | None = None, centre: str | None = None, programme: str = ""
) -> None:
    """Let a holder's own, the centre that it is done at, and those who oversee the programme see an affair.

    Raises
    ------
    UnableToSee
        For everybody else.
    """
    if by is not None:
        own = by.role is Role.APPLICANT and holder is not None and by.organisation == holder
        there = by.role is Role.CENTRE and centre is not None and by.centre == centre
        oversees = by.role in OVERSEERS and by.programme in {"", programme}
        if own or there or oversees:
            return
    raise not_yours_to_see()


def not_yours_to_see() -> UnableToSee:
    """Say that something is another's."""
    return UnableToSee(
        "NOT_YOURS_TO_SEE",
        "只有持券人、承担作业的算力中心和项目管理人员可以查看",
        "only the holder, the centre that does the work and those who run the programme may see it",
        field="by",
    )


def check_scope(by: Actor, scope: Scope) -> None:
    """Keep a program to the scopes of its token.

    Raises
    ------
    UnableToActByToken
        Naming the scope that is missing.
    """
    if by.scopes is not None and scope not in by.scopes:
        raise UnableToActByToken(
            "SCOPE_MISSING",
            f"此令牌没有“{scope.label.zh}”（{scope.value}）权限，请签发含该权限的令牌",
            f"this token lacks the scope {scope.value} ({scope.label.en}); issue one that has it",
            field="token",
        )


SYSTEM = Actor("system", Role.SYSTEM)

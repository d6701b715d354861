"""What a person may be to a programme: a role, where, and for how long; who may grant it; what must stay apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules.actor import Actor, Role, Scope
from jiaozi.party.rules.person import name_of

PLACE_MAX = 60

MADE_OF = {
    Role.APPLICANT: frozenset({"organisation"}),
    Role.CENTRE: frozenset({"centre"}),
    Role.OFFICER: frozenset({"programme"}),
    Role.FINANCE: frozenset({"programme"}),
    Role.AUDITOR: frozenset({"programme"}),
    Role.OPERATOR: frozenset[str](),
}
"""What bounds a role's reach; the programme may be left empty, which means every one."""

_STAFF = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.CENTRE, Role.OPERATOR})
_APART = frozenset(
    {
        frozenset({Role.OFFICER, Role.FINANCE}),
        frozenset({Role.OPERATOR, Role.FINANCE}),
        *(
            frozenset({house, outside})
            for house in (Role.OFFICER, Role.FINANCE)
            for outside in (Role.APPLICANT, Role.CENTRE)
        ),
        *(frozenset({Role.AUDITOR, other}) for other in MADE_OF if other is not Role.AUDITOR),
    }
)
"""Pairs that one person can't be at once (不相容岗位): deciding and paying, asking and deciding, doing and auditing."""


class UnableToGrant(Refused):
    """The membership can't be granted or ended so."""


class UnableToAct(Refused):
    """The person can't act by this membership."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role with its place and its time: from ``since_at`` up to and without ``until_at``."""

    role: Role
    since_at: datetime
    until_at: datetime | None = None
    organisation: UUID | None = None
    centre: str = ""
    programme: str = ""
    administrator: bool = False

    def in_force(self, now: datetime) -> bool:
        """Say whether it holds at an instant."""
        return self.since_at <= now and not self.over(now)

    def over(self, now: datetime) -> bool:
        """Say whether its time has run out."""
        return self.until_at is not None and self.until_at <= now


def check_grant(grant: Grant, now: datetime) -> Grant:
    """Give the grant in its standard form.

    Raises
    ------
    UnableToGrant
        Naming the field.
    """
    grant = replace(grant, centre=grant.centre.strip(), programme=grant.programme.strip())
    if grant.role not in MADE_OF:
        raise UnableToGrant("ROLE_NOT_GRANTED", "系统角色不能授予个人", "nobody is made the system", field="role")
    needs = MADE_OF[grant.role]
    for field in ("organisation", "centre", "programme"):
        given = getattr(grant, field)
        if given and field not in needs:
            raise UnableToGrant(
                "PLACE_NOT_ASKED",
                f"“{grant.role.label.zh}”不限定该项，请留空",
                f"the role {grant.role.label.en} has no {field}; leave it out",
                field=field,
            )
        if field in needs and not given and field != "programme":
            raise UnableToGrant(
                "PLACE_MISSING",
                f"请指明“{grant.role.label.zh}”所属的{'主体' if field == 'organisation' else '算力中心'}",
                f"name the {field} of the {grant.role.label.en}",
                field=field,
            )
        if len(str(given or "")) > PLACE_MAX:
            raise UnableToGrant("PLACE_TOO_LONG", f"最长{PLACE_MAX}字", f"at most {PLACE_MAX} characters", field=field)
    if grant.until_at is not None and grant.until_at <= max(grant.since_at, now):
        raise UnableToGrant(
            "ENDS_BEFORE_IT_BEGINS",
            "终止时间须晚于起始时间与当前时间",
            "it must end later than it begins, and later than now",
            field="until",
        )
    return grant


def check_apart(held: Iterable[Grant], wanted: Grant, now: datetime) -> None:
    """Keep apart what one person must not be at once in one programme.

    Raises
    ------
    UnableToGrant
        Naming the membership that stands in the way.
    """
    for other in held:
        together = not other.programme or not wanted.programme or other.programme == wanted.programme
        if not other.over(now) and together and frozenset({other.role, wanted.role}) in _APART:
            raise UnableToGrant(
                "ROLES_APART",
                f"此人已是“{other.role.label.zh}”，不能同时担任“{wanted.role.label.zh}”（不相容岗位）；请先终止原授权或另派他人",
                f"this person is {other.role.label.en} already and can't be {wanted.role.label.en} at once; "
                "end that first, or choose somebody else",
                field="role",
            )


def may_grant(by: Actor, person: UUID, grant: Grant) -> None:
    """Let administrators grant where they act themselves, the operator's all staff roles, and officers applicants.

    Raises
    ------
    UnableToGrant
        For everybody else, and for oneself.
    """
    if by.role is Role.SYSTEM:
        return
    if by.name == name_of(person):
        raise UnableToGrant(
            "SELF_GRANT",
            "不能给自己授权，请由其他管理员办理",
            "nobody grants to oneself; ask another administrator",
            field="person",
        )
    _check_reach(by, grant)


def may_end(by: Actor, person: UUID, grant: Grant) -> None:
    """Let whoever could have granted a membership end it, and people give up their own.

    Raises
    ------
    UnableToGrant
        For everybody else.
    """
    if by.role is not Role.SYSTEM and by.name != name_of(person):
        _check_reach(by, grant)


def may_found(by: Actor, person: UUID) -> None:
    """Let people make themselves, and officers and the system anybody, the first member of a new organisation.

    Raises
    ------
    UnableToGrant
        For everybody else.
    """
    if by.role not in {Role.OFFICER, Role.SYSTEM} and by.name != name_of(person):
        raise UnableToGrant(
            "NOT_YOURS", "只能以本人名义登记新主体", "people register a new organisation for themselves", field="person"
        )


def _check_reach(by: Actor, grant: Grant) -> None:
    allowed = {
        Role.OPERATOR: by.administrator and grant.role in _STAFF,
        Role.OFFICER: grant.role is Role.APPLICANT,
        Role.APPLICANT: by.administrator
        and grant.role is Role.APPLICANT
        and by.organisation is not None
        and grant.organisation == by.organisation,
        Role.CENTRE: by.administrator and grant.role is Role.CENTRE and bool(by.centre) and grant.centre == by.centre,
    }
    if not allowed.get(by.role, False):
        raise UnableToGrant(
            "NOT_ADMINISTRATOR",
            f"您无权授予或终止此处的“{grant.role.label.zh}”，请联系该处的管理员",
            f"you may not grant or end the role {grant.role.label.en} here; ask an administrator of that place",
            field="by",
        )


def may_list(by: Actor, *, organisation: UUID | None = None, centre: str = "") -> None:
    """Let members see each other, and those who oversee a programme see everybody.

    Raises
    ------
    UnableToGrant
        For everybody else.
    """
    if by.role in {Role.OFFICER, Role.OPERATOR, Role.AUDITOR, Role.SYSTEM}:
        return
    own = by.role is Role.APPLICANT and organisation is not None and by.organisation == organisation
    if not own and not (by.role is Role.CENTRE and centre and by.centre == centre):
        raise UnableToGrant(
            "NOT_YOURS", "您不能查看该处的成员", "you may not see the members of that place", field="by"
        )


def actor_for(person: UUID, grant: Grant | None, scopes: frozenset[Scope] | None = None) -> Actor:
    """Give the actor that a person is by a membership, or by a token's scopes of it.

    Without a membership it is an applicant with no organisation yet, who may register one and nothing else.
    """
    if grant is None:
        return Actor(name_of(person), Role.APPLICANT, scopes=scopes)
    return Actor(
        name=name_of(person),
        role=grant.role,
        organisation=grant.organisation,
        centre=grant.centre or None,
        programme=grant.programme,
        administrator=grant.administrator,
        scopes=scopes,
    )

"""Asking: who may apply for whom under which version, and the facts that the policy is to decide on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules.parts import Fact
from jiaozi.policy.rules.problems import UnableToReadFacts

_ASKING = frozenset({Role.APPLICANT, Role.OFFICER})


class UnableToApply(Refused):
    """The application can't be taken as it is."""


def check_own(actor: Actor, holder: UUID) -> None:
    """Let an applicant act for its own organisation only, and an officer for one that came on paper.

    Raises
    ------
    UnableToApply
        When it is another's, or the actor is none who applies.
    """
    if actor.role not in _ASKING:
        raise UnableToApply(
            "WRONG_ROLE",
            "只有申领主体自己或代其录入的经办人员可以办理申领",
            "the organisation itself applies, or an officer who enters what it handed in on paper",
            field="role",
        )
    if actor.role is Role.APPLICANT and actor.organisation != holder:
        raise UnableToApply(
            "NOT_YOURS", "只能办理本单位的申领", "an applicant acts for its own organisation only", field="holder"
        )


def check_version(actor: Actor, *, pinned: UUID, in_force: UUID, digest: str, lapsed: bool) -> None:
    """Pin the version in force to what an applicant asks for, and none that has lapsed to what came on paper.

    ``in_force`` and ``digest`` are today's version; ``lapsed`` says that the pinned one is not in force today.

    Raises
    ------
    UnableToApply
        Naming the version in force.
    """
    if lapsed or (actor.role is Role.APPLICANT and pinned != in_force):
        raise UnableToApply(
            "VERSION_NOT_IN_FORCE",
            f"只能按现行版本申领，现行版本为{digest[:12]}（{in_force}）",
            f"apply under the version in force, {digest[:12]} ({in_force})",
            field="version",
        )


def facts_of(
    *, holder_id: UUID, holder_class: str, uscc: str | None, in_incubator: bool, registered_in_city: bool,
    dishonest: bool, end_users: int, claimed: Mapping[str, Any], declared: Mapping[str, Fact],
) -> dict[str, Any]:  # fmt: skip
    """Put together what the policy decides on: the register's facts about the applicant, and what it claims.

    What the register knows goes before what the applicant says of itself, where the programme asks for it in the
    register's own words; another city's classes are the applicant's to state.

    Raises
    ------
    UnableToReadFacts
        When what is claimed, or what is claimed of the applicant, is no object of names and values.
    """
    stated = _object(_object(claimed).get("applicant", {}), "applicant")
    applicant = {
        "id": str(holder_id),
        "holder_class": holder_class,
        "has_uscc": bool(uscc),
        "in_incubator": in_incubator,
        "registered_in_city": registered_in_city,
        "dishonest": dishonest,
        "end_users": end_users,
    }
    known = {name: value for name, value in applicant.items() if _asked(declared.get(f"applicant.{name}"), value)}
    told = {**stated, **known}
    return {**claimed, "applicant": told} if told else dict(claimed)


def _object(part: Any, field: str = "") -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        line = Label('事实须为 JSON 对象，例如 {"名称": 值}', 'facts are a JSON object like {"name": value}')
        raise UnableToReadFacts([Reason("FACTS_NO_OBJECT", line, field)])
    return part


def _asked(fact: Fact | None, value: Any) -> bool:
    return fact is not None and (not fact.values or value in fact.values)


def nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts under their whole names as an applicant states them, group by group.

    >>> nested({"need.cost": 3, "need.day": "2023-06-01"})
    {'need': {'cost': 3, 'day': '2023-06-01'}}
    """
    groups: dict[str, Any] = {}
    for name, value in facts.items():
        group, _, own = name.partition(".")
        groups.setdefault(group, {})[own] = value
    return groups

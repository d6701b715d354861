"""Roles, and the actor on whose word a verb acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.refusal import Refused


class Role(StrEnum):
    """What an actor may be to a programme; transition tables name the roles that may take a step."""

    APPLICANT = "APPLICANT"
    OFFICER = "OFFICER"
    FINANCE = "FINANCE"
    CENTRE = "CENTRE"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for a verb: ``name`` goes into the journal, ``organisation`` or ``centre`` bounds its reach."""

    name: str
    role: Role
    organisation: UUID | None = None
    centre: str | None = None


class UnableToActForCentre(Refused):
    """A centre's clerk reached for another centre's affairs."""


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


SYSTEM = Actor("system", Role.SYSTEM)

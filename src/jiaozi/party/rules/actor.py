"""Roles, and the actor on whose word a verb acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


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
    """Somebody who asks for a verb: ``name`` goes into the journal, ``organisation`` bounds what it may touch."""

    name: str
    role: Role
    organisation: UUID | None = None


SYSTEM = Actor("system", Role.SYSTEM)

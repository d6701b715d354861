"""How far somebody sees: a holder its own affairs, a centre what is done there, overseers all of their programme."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiaozi.party.rules.actor import (
    OVERSEERS,
    Actor,
    Role,
    check_own_centre,
    check_own_programme,
    not_yours_to_see,
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a list is narrowed to; None for all."""

    holder: UUID | None = None
    centre: str | None = None


def reach_of(by: Actor, programme: str, asked: Reach, *, holders: bool = True, centres: bool = True) -> Reach:
    """Narrow what was asked of a list to what the actor may see.

    Parameters
    ----------
    holders, centres
        Whether the list has affairs of holders, of centres: others see nothing of it.

    Raises
    ------
    UnableToSee, UnableToActForCentre, UnableToActForProgramme
        When another's was asked for, or nothing of the list is the actor's to see.
    """
    if by.role is Role.APPLICANT and holders and by.organisation is not None:
        if asked.holder not in {None, by.organisation}:
            raise not_yours_to_see()
        return Reach(by.organisation, asked.centre)
    if by.role is Role.CENTRE and centres and by.centre:
        check_own_centre(by, asked.centre or by.centre)
        return Reach(asked.holder, by.centre)
    if by.role not in OVERSEERS:
        raise not_yours_to_see()
    check_own_programme(by, programme)
    return asked


def check_oversees(by: Actor, programme: str) -> None:
    """Let those who run, pay or audit a programme pass.

    Raises
    ------
    UnableToSee, UnableToActForProgramme
        For everybody else.
    """
    reach_of(by, programme, Reach(), holders=False, centres=False)

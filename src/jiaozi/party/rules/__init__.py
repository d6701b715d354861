"""Who takes part: organisations, makers, end users, people's roles, and the actor on whose word a verb acts."""

from jiaozi.party.rules.actor import SYSTEM, Actor, Role, UnableToActForCentre, check_own_centre
from jiaozi.party.rules.end_user import (
    EndUser,
    UnableToActForNobody,
    UnableToNameEndUser,
    check_end_user,
    require_end_user,
)
from jiaozi.party.rules.organisation import (
    Contact,
    HolderClass,
    Registration,
    UnableToRegister,
    check_correction,
    check_registration,
    check_uscc,
    facts,
    may_write,
)

__all__ = [
    "SYSTEM",
    "Actor",
    "Contact",
    "EndUser",
    "HolderClass",
    "Registration",
    "Role",
    "UnableToActForCentre",
    "UnableToActForNobody",
    "UnableToNameEndUser",
    "UnableToRegister",
    "check_correction",
    "check_end_user",
    "check_own_centre",
    "check_registration",
    "check_uscc",
    "facts",
    "may_write",
    "require_end_user",
]

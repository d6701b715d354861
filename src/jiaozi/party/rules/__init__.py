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
from jiaozi.party.rules.relation import Relation, RelationKind, UnableToRelate
from jiaozi.party.rules.relation_graph import Group, connected, say_path

__all__ = [
    "SYSTEM",
    "Actor",
    "Contact",
    "EndUser",
    "Group",
    "HolderClass",
    "Registration",
    "Relation",
    "RelationKind",
    "Role",
    "UnableToActForCentre",
    "UnableToActForNobody",
    "UnableToNameEndUser",
    "UnableToRegister",
    "UnableToRelate",
    "check_correction",
    "check_end_user",
    "check_own_centre",
    "check_registration",
    "check_uscc",
    "connected",
    "facts",
    "may_write",
    "require_end_user",
    "say_path",
]

"""Who takes part: organisations, makers, end users, people's roles, and the actor on whose word a verb acts."""

from jiaozi.party.rules.actor import (
    SCOPES_OF,
    SYSTEM,
    Actor,
    Role,
    Scope,
    UnableToActByToken,
    UnableToActForCentre,
    UnableToActForProgramme,
    check_own_centre,
    check_own_programme,
    check_scope,
)
from jiaozi.party.rules.end_user import (
    EndUser,
    UnableToActForNobody,
    UnableToNameEndUser,
    check_end_user,
    require_end_user,
)
from jiaozi.party.rules.membership import Grant, UnableToAct, UnableToGrant, actor_for
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
from jiaozi.party.rules.person import Details, UnableToEnrol
from jiaozi.party.rules.relation import Relation, RelationKind, UnableToRelate
from jiaozi.party.rules.relation_graph import Group, connected, say_path
from jiaozi.party.rules.token import TokenRequest, UnableToIssueToken, UnableToUseToken

__all__ = [
    "SCOPES_OF",
    "SYSTEM",
    "Actor",
    "Contact",
    "Details",
    "EndUser",
    "Grant",
    "Group",
    "HolderClass",
    "Registration",
    "Relation",
    "RelationKind",
    "Role",
    "Scope",
    "TokenRequest",
    "UnableToAct",
    "UnableToActByToken",
    "UnableToActForCentre",
    "UnableToActForNobody",
    "UnableToActForProgramme",
    "UnableToEnrol",
    "UnableToGrant",
    "UnableToIssueToken",
    "UnableToNameEndUser",
    "UnableToRegister",
    "UnableToRelate",
    "UnableToUseToken",
    "actor_for",
    "check_correction",
    "check_end_user",
    "check_own_centre",
    "check_own_programme",
    "check_registration",
    "check_scope",
    "check_uscc",
    "connected",
    "facts",
    "may_write",
    "require_end_user",
    "say_path",
]

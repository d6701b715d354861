"""The register's tables: organisations and their ties, people and what they may be to a programme, their programs."""

from jiaozi.party.models.organisations import (
    ContactPerson,
    NamedEndUser,
    Organisation,
    OrganisationRelation,
    RelationDetail,
)
from jiaozi.party.models.people import Membership, Person, PersonDetails, Token
from jiaozi.party.models.programs import KeptAnswer, PaceCount

__all__ = [
    "ContactPerson",
    "KeptAnswer",
    "Membership",
    "NamedEndUser",
    "Organisation",
    "OrganisationRelation",
    "PaceCount",
    "Person",
    "PersonDetails",
    "RelationDetail",
    "Token",
]

"""The register's tables: organisations and their ties, people and what they may be to a programme."""

from jiaozi.party.models.organisations import (
    ContactPerson,
    NamedEndUser,
    Organisation,
    OrganisationRelation,
    RelationDetail,
)
from jiaozi.party.models.people import Membership, Person, PersonDetails, Token

__all__ = [
    "ContactPerson",
    "Membership",
    "NamedEndUser",
    "Organisation",
    "OrganisationRelation",
    "Person",
    "PersonDetails",
    "RelationDetail",
    "Token",
]

"""Reading the register: organisations and end users, and who is related to whom. Bounded, few statements."""

from jiaozi.party.queries.organisations import (
    IDS_MAX,
    PAGE_MAX,
    UnableToFindOrganisation,
    by_ids,
    by_uscc,
    end_user_count,
    end_users_of,
    organisation,
    organisations,
    serves,
)
from jiaozi.party.queries.relations import (
    Neighbourhood,
    UnableToFindRelation,
    group_of,
    names_of,
    related,
    relation,
    relations_of,
)

__all__ = [
    "IDS_MAX",
    "PAGE_MAX",
    "Neighbourhood",
    "UnableToFindOrganisation",
    "UnableToFindRelation",
    "by_ids",
    "by_uscc",
    "end_user_count",
    "end_users_of",
    "group_of",
    "names_of",
    "organisation",
    "organisations",
    "related",
    "relation",
    "relations_of",
    "serves",
]

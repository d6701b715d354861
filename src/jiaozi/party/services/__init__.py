"""The verbs of the register: organisations and their end users, and how organisations are related."""

from jiaozi.party.services.registering import correct, erase_contact, name_end_user, register, registration_of
from jiaozi.party.services.relating import end_relation, erase_detail, import_relations, relate

__all__ = [
    "correct",
    "end_relation",
    "erase_contact",
    "erase_detail",
    "import_relations",
    "name_end_user",
    "register",
    "registration_of",
    "relate",
]

"""The verbs of the register: organisations and their ties; people, what they may be, and their programs' tokens."""

from jiaozi.party.services.members import end_membership, found, grant, let_in
from jiaozi.party.services.people import close_person, correct_details, enrol, erase_person
from jiaozi.party.services.programs import forget_answers, keep_pace, once
from jiaozi.party.services.registering import correct, erase_contact, name_end_user, register, registration_of
from jiaozi.party.services.relating import end_relation, erase_detail, import_relations, relate
from jiaozi.party.services.tokens import end_token, issue_token, use_token

__all__ = [
    "close_person",
    "correct",
    "correct_details",
    "end_membership",
    "end_relation",
    "end_token",
    "enrol",
    "erase_contact",
    "erase_detail",
    "erase_person",
    "forget_answers",
    "found",
    "grant",
    "import_relations",
    "issue_token",
    "keep_pace",
    "let_in",
    "name_end_user",
    "once",
    "register",
    "registration_of",
    "relate",
    "use_token",
]

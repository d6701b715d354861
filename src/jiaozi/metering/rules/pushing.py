"""Who may push usage records: the centre itself, and the operator for it."""

from __future__ import annotations

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role, check_own_centre

PUSHERS = frozenset({Role.CENTRE, Role.OPERATOR})


class UnableToPush(Refused):
    """The records can't be taken from this actor."""


def check_push(by: Actor, centre: str) -> None:
    """Let a centre push its own records, and the operator any centre's.

    Raises
    ------
    UnableToPush, UnableToActForCentre
        For everybody else.
    """
    if by.role not in PUSHERS:
        raise UnableToPush(
            "WRONG_ROLE",
            "用量由算力中心或平台运营方报送",
            "the centre or the operator pushes usage",
            field="role",
        )
    check_own_centre(by, centre)

"""Who must prove in a second step that it is them: everybody who decides about public money, or audits it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.party.rules.actor import Role

STAFF = frozenset({Role.OFFICER, Role.FINANCE, Role.OPERATOR, Role.AUDITOR, Role.CENTRE})
"""Applicants are offered a second factor; these must have one."""


class Proof(StrEnum):
    """How far somebody has shown a second factor in this session."""

    NOT_ASKED = "NOT_ASKED"
    MISSING = "MISSING"
    UNPROVEN = "UNPROVEN"
    PROVEN = "PROVEN"

    @property
    def stands(self) -> bool:
        """Whether whoever asks may go on."""
        return self in {Proof.NOT_ASKED, Proof.PROVEN}


def asked_of(role: Role | None, *, required: bool) -> bool:
    """Say whether somebody who acts in a role must have a second factor; ``required`` is the service's setting."""
    return required and role in STAFF


def proof(factors: Collection[int], shown: Collection[int]) -> Proof:
    """Weigh the factors of an account against those that this session has shown; a removed one shows nothing.

    >>> proof([], []), proof([7], []), proof([7, 8], [8]), proof([7], [8])
    (<Proof.MISSING: 'MISSING'>, <Proof.UNPROVEN: 'UNPROVEN'>, <Proof.PROVEN: 'PROVEN'>, <Proof.UNPROVEN: 'UNPROVEN'>)
    """
    if not factors:
        return Proof.MISSING
    return Proof.PROVEN if set(factors) & set(shown) else Proof.UNPROVEN


MISSING = Label(
    "此身份须先设置两步验证（验证器应用或通行密钥）",
    "this role needs two-step verification first: an authenticator app or a passkey",
)
UNPROVEN = Label("请先用您的第二步验证确认是本人", "show your second factor first")

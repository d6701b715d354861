"""Issuing a token on the machine itself, where whoever runs the command could do anything anyway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from jiaozi.kernel import clock
from jiaozi.kernel.refusal import Refused


class UnableToChoose(Refused):
    """There is no such person, or more than one membership to act by."""


def issue(email: str, *, scopes: Sequence[str], days: int, label: str, membership: str = "") -> str:
    """Issue a token to a person known by address, for its only membership or the one that is named.

    Raises
    ------
    UnableToChoose
        When the address, the scope or the membership names nothing, or nothing is named where there are several.
    """
    from jiaozi.party import queries, services  # noqa: PLC0415 - Django had to be loaded first
    from jiaozi.party.rules import Scope, TokenRequest  # noqa: PLC0415 - the same

    now = clock.now()
    person = queries.by_email(email)
    rows = queries.memberships_of(person.id, now=now) if person else []
    chosen = [row for row in rows if not membership or str(row.id) == membership]
    if person is None or len(chosen) != 1:
        told = "; ".join(f"{row.id} {row}" for row in rows) or "-"
        raise UnableToChoose(
            "MEMBERSHIP_UNCLEAR",
            f"请用 --membership 指明身份：{told}",
            f"name one membership by --membership: {told}",
            field="email",
        )
    known = {scope.value: scope for scope in Scope}
    unknown = [each for each in scopes if each.upper() not in known]
    if unknown:
        raise UnableToChoose(
            "SCOPE_UNKNOWN",
            f"没有权限{unknown[0]}；可选：{'、'.join(known)}",
            f"no scope {unknown[0]}; there are {', '.join(known)}",
            field="--scope",
        )
    asked = TokenRequest(
        label=label, scopes=frozenset(known[each.upper()] for each in scopes), expires_at=now + timedelta(days=days)
    )
    by = queries.actor_of(person.id, UUID(str(chosen[0].id)), now=now)
    _, text = services.issue_token(membership_id=chosen[0].id, request=asked, by=by, now=now)
    return text

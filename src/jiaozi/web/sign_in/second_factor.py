"""What this session has shown of a second factor: by signing in with it, by proving it again, or by adding it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast
from uuid import UUID

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from jiaozi.party import queries as party
from jiaozi.party.rules import Proof, proof
from jiaozi.party.rules.second_factor import MISSING, UNPROVEN

__all__ = ["ADDED", "KEY", "MISSING", "UNPROVEN", "note_added", "proof_of"]
KEY = "factors_added"
"""Session key: the factors that were added in this session, whose code or key was shown for that."""
ADDED = frozenset({"mfa/messages/totp_activated.txt", "mfa/messages/webauthn_added.txt"})
"""Messages by which the sign-in library says that a factor was added: its adapter is the place that hears of it."""


def proof_of(request: HttpRequest, factors: Collection[int]) -> Proof:
    """Give how far whoever is signed in has shown one of these second factors."""
    user = cast("Any", request.user)
    signed = [each.get("id") for each in get_authentication_records(request, user) if each.get("method") == "mfa"]
    shown = [each for each in (*signed, *request.session.get(KEY, ())) if isinstance(each, int)]
    return proof(factors, shown)


def note_added(request: HttpRequest) -> None:
    """Note the newest factor of whoever just added it: one older than this session proves nothing about it."""
    known = party.second_factors(UUID(str(cast("Any", request.user).pk)))
    newest = max((id_ for id_, kind in known.items() if kind != Authenticator.Type.RECOVERY_CODES), default=None)
    if newest is not None:
        request.session[KEY] = [*request.session.get(KEY, ()), newest]

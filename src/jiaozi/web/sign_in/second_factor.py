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

__all__ = [
    "ADDED",
    "CODES_MADE",
    "KEY",
    "MISSING",
    "UNPROVEN",
    "guarded",
    "note_added",
    "note_codes",
    "own_proof",
    "proof_of",
]
KEY = "factors_added"
"""Session key: the factors that were added in this session, whose code or key was shown for that."""
ADDED = frozenset({"mfa/messages/totp_activated.txt", "mfa/messages/webauthn_added.txt"})
"""Messages by which the sign-in library says that a factor was added: its adapter is the place that hears of it."""
CODES_MADE = "mfa/messages/recovery_codes_generated.txt"
_WAYS_TO_PROVE = frozenset(
    {"mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_login_webauthn"}
)


def guarded(name: str | None) -> bool:
    """Say whether an address touches the account's factors, so that only who has shown one may open it.

    Proving oneself again by the password is among them: the library then does what was sent before without asking us.
    """
    name = name or ""
    return name == "account_reauthenticate" or (name.startswith("mfa_") and name not in _WAYS_TO_PROVE)


def proof_of(request: HttpRequest, factors: Collection[int]) -> Proof:
    """Give how far whoever is signed in has shown one of these second factors."""
    return proof(factors, _shown(request))


def own_proof(request: HttpRequest) -> Proof:
    """Give how far whoever is signed in has shown a factor of their account, whatever they act as; one statement."""
    return proof_of(request, _known(request))


def note_added(request: HttpRequest) -> None:
    """Note the newest factor of whoever just added it, unless the account has others that this session never showed."""
    known = _known(request)
    newest = max((id_ for id_, kind in known.items() if kind != Authenticator.Type.RECOVERY_CODES), default=None)
    others = [id_ for id_, kind in known.items() if kind != Authenticator.Type.RECOVERY_CODES and id_ != newest]
    if newest is not None and (not others or proof_of(request, known) is Proof.PROVEN):
        _note(request, newest)


def note_codes(request: HttpRequest) -> None:
    """Note the new recovery codes of whoever had shown a factor: it may have been the codes that these replace."""
    codes = [id_ for id_, kind in _known(request).items() if kind == Authenticator.Type.RECOVERY_CODES]
    if codes and _shown(request):
        _note(request, codes[0])


def _known(request: HttpRequest) -> dict[int, str]:
    return party.second_factors(UUID(str(cast("Any", request.user).pk)))


def _shown(request: HttpRequest) -> list[int]:
    """Give the factors by which this session signed in or proved itself, or that it added."""
    user = cast("Any", request.user)
    signed = [each.get("id") for each in get_authentication_records(request, user) if each.get("method") == "mfa"]
    return [each for each in (*signed, *request.session.get(KEY, ())) if isinstance(each, int)]


def _note(request: HttpRequest, factor: int) -> None:
    request.session[KEY] = [*request.session.get(KEY, ()), factor]

"""Who asks: the actor behind a token, or nobody, where everybody may ask; and how often."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja.errors import AuthenticationError

from jiaozi.kernel import clock
from jiaozi.party import services as party
from jiaozi.party.rules import Actor, Pace, check_pace
from jiaozi.party.rules.program import WINDOW_S

_SCHEME = "Bearer "
Answer = TypeVar("Answer", bound=HttpResponseBase)


class Asked(HttpRequest):
    """A request whose caller is known: ``auth`` is the actor (None where nobody needs to say), ``now`` the instant."""

    auth: Actor
    now: datetime
    pace: Pace


class Caller:
    """Ninja's callback that says who asks; ``public`` lets those pass who show no token."""

    openapi_security_schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "a token of the console or of `jiaozi api token`, with the scopes that the operation names",
    }

    def __init__(self, *, public: bool) -> None:
        self._public = public

    def __call__(self, request: Any) -> Any:
        """Give the actor, or True for nobody.

        Raises
        ------
        AuthenticationError, UnableToUseToken, UnableToKeepPace
            When a token is missing or useless, or its program is too fast.
        """
        request.now = clock.now()
        text = request.headers.get("Authorization", "")
        if text[: len(_SCHEME)].lower() == _SCHEME.lower():
            token = text[len(_SCHEME) :].strip()
            actor = party.use_token(text=token, now=request.now)
            _keep_pace(request, token, settings.JIAOZI_API_PACE["token"])
            return actor
        _keep_pace(request, f"address:{address_of(request)}", settings.JIAOZI_API_PACE["address"])
        if not self._public:
            raise AuthenticationError
        return True


class Token(Caller):
    """What the document calls the scheme."""


def _keep_pace(request: Any, caller: str, most: int) -> None:
    """Count the request; what names the caller is kept as a keyed digest."""
    name = hmac.new(settings.SECRET_KEY.encode(), caller.encode(errors="replace"), hashlib.sha256).digest()
    request.pace = party.keep_pace(caller=name, most=most, now=request.now)
    check_pace(request.pace)


def programme_of(request: Asked, asked: str) -> str:
    """Give the programme that is meant: the one asked for, else the membership's, else the one that is served."""
    own = request.auth.programme if isinstance(request.auth, Actor) else ""
    return asked or own or str(settings.JIAOZI_PROGRAMME)


def address_of(request: HttpRequest) -> str:
    """Give the address that a request came from, as the operator's own proxies report it."""
    proxies = getattr(settings, "ALLAUTH_TRUSTED_PROXY_COUNT", 0)
    told = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    if proxies and len(told) >= proxies:
        return told[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


def dress(request: HttpRequest, response: Answer) -> Answer:
    """Put the pace into the answer's headers, as the working group's draft names them, and when to ask again."""
    pace: Pace | None = getattr(request, "pace", None)
    if pace is not None:
        response["RateLimit-Policy"] = f'"minute";q={pace.most};w={WINDOW_S}'
        response["RateLimit"] = f'"minute";r={pace.left};t={pace.reset_s}'
        if pace.used > pace.most:
            response["Retry-After"] = str(pace.reset_s)
    return response

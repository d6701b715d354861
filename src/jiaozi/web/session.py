"""How long a session lasts: so long after the last page that was opened, and never longer than a working day.

What a page asks for by itself (an order's live state) keeps nobody signed in: a screen left alone must end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from jiaozi.kernel import clock

BEGAN, RENEWED = "began", "renewed"
GRAIN_S = 60
"""A session is written at most so often for being used."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """The middleware: ends sessions that are over, and renews those that are used."""

    answer: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if request.user.is_authenticated:
            self._look_after(request)
        return self.answer(request)

    @staticmethod
    def _look_after(request: HttpRequest) -> None:
        session, now = request.session, int(clock.now().timestamp())
        began, renewed = session.get(BEGAN), session.get(RENEWED, 0)
        if began is None:
            session[BEGAN] = began = now
        if now >= min(began + settings.JIAOZI_SESSION_LONGEST_S, (renewed or now) + settings.SESSION_COOKIE_AGE):
            logout(request)
        elif "HX-Request" not in request.headers and now - renewed >= GRAIN_S:
            session[RENEWED] = now


def ends_at(session: Any) -> int:
    """Give when a session ends if it is not used again, in seconds of Unix time."""
    last = session.get(RENEWED, session.get(BEGAN, 0))
    longest: int = session.get(BEGAN, last) + settings.JIAOZI_SESSION_LONGEST_S
    idle: int = last + settings.SESSION_COOKIE_AGE
    return min(longest, idle)

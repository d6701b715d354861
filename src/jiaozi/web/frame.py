"""The frame around every page: who is asking, whether the page is theirs, and what is said when it isn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries as party
from jiaozi.party.queries import Standing
from jiaozi.party.rules import Actor, Proof, Role, asked_of
from jiaozi.web.pages import Page, page_of, pages
from jiaozi.web.sign_in import second_factor
from jiaozi.web.templatetags.words import said

CHOSEN = "membership"
"""Session key: the membership that was chosen to act by."""
BAD, FORBIDDEN, NOT_FOUND, CONFLICT, UNAUTHORISED = 400, 403, 404, 409, 401
OPEN_WITHOUT_PROOF = frozenset(
    {"second-factor", "acting", "account", "stay", "about", "accessibility", "look", "site-map"}
)
"""Addresses that staff may open before they have shown a second factor: those that lead to it, and help."""
_NOT_YOURS = frozenset(
    {"WRONG_ROLE", "NOT_YOURS", "NOT_YOURS_TO_SEE", "NOT_YOUR_CENTRE", "NOT_YOUR_PROGRAMME", "NOT_ADMINISTRATOR"}
    | {"NOT_ADMITTED", "SEALED", "SELF_GRANT", "SELF_LIMIT", "MEMBERSHIP_OVER", "SAME_PERSON", "SCOPE_MISSING"}
)


class Asking:
    """Who sent a request; looked up when first asked for, once."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self._request.user.is_authenticated)

    @cached_property
    def standing(self) -> Standing | None:
        """Whom the person acts as; None when nobody is signed in."""
        if not self.signed_in:
            return None
        session = self._request.session
        chosen = session.get(CHOSEN)
        found = party.standing_of(person_id(self._request), UUID(chosen) if chosen else None, now=clock.now())
        if chosen and (found.membership is None or str(found.membership.id) != chosen):
            del session[CHOSEN]
            over = Label("原来的身份已终止，请重新选择。", "What you acted as is over; choose again.")
            messages.warning(self._request, said(over))
        return found

    @property
    def actor(self) -> Actor | None:
        """Who asks a verb; None when nobody is signed in."""
        return self.standing.actor if self.standing else None

    @property
    def role(self) -> Role | None:
        """The role acted in; None without a membership."""
        return self.actor.role if self.actor and self.standing and self.standing.membership else None

    @cached_property
    def proof(self) -> Proof:
        """How far a second factor has been shown, where the role needs one."""
        if self.standing is None or not asked_of(self.role, required=settings.JIAOZI_STAFF_SECOND_FACTOR):
            return Proof.NOT_ASKED
        return second_factor.proof_of(self._request, self.standing.factors)

    @cached_property
    def own_proof(self) -> Proof:
        """How far a second factor of the account has been shown, whatever whoever asks acts as."""
        return second_factor.own_proof(self._request) if self.signed_in else Proof.NOT_ASKED

    @property
    def navigation(self) -> list[tuple[str, Page]]:
        """Give the pages of the navigation that are open to whoever asks, in their order."""
        return _navigation(self.role, signed_in=self.signed_in)

    def may_open(self, asked: Page) -> bool:
        """Say whether a page is open to whoever asks."""
        return asked.open_to(self.role, signed_in=self.signed_in)


@cache
def _navigation(role: Role | None, *, signed_in: bool) -> list[tuple[str, Page]]:
    """Choose among all pages once for each role: what a role may open changes with the program alone."""
    shown = [(name, each) for name, each in pages().items() if each.place is not None]
    shown = [(name, each) for name, each in shown if each.open_to(role, signed_in=signed_in)]
    return sorted(shown, key=lambda entry: entry[1].place or 0)


@dataclass(frozen=True, slots=True)
class Frame:
    """The middleware: puts ``asking`` on the request, and says what no view has caught as a page of its own."""

    answer: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        request.asking = Asking(request)  # type: ignore[attr-defined]
        return self.answer(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _words: Any) -> HttpResponse | None:
        """Refuse a spoilt address, and a page that doesn't say whose it is: forgetting to say must open nothing."""
        match = request.resolver_match
        if match is None or match.app_name != "web":
            name = match.url_name if match else None
            unproven = second_factor.guarded(name) and asking(request).own_proof is Proof.UNPROVEN
            return to_second_factor(request) if unproven else None
        if "%00" in request.META.get("QUERY_STRING", ""):
            # the database keeps no NUL: whichever filter it stands in, it can match nothing
            return refused(request, Label("地址含有无效字符", "the address holds a character that can't be"), BAD)
        if any("\0" in text for name, texts in request.POST.lists() for text in (name, *texts)):
            return refused(request, Label("表单含有无效字符", "the form holds a character that can't be"), BAD)
        if page_of(view) is None:
            return refused(request, Label("此页面尚未开放", "this page is not open to anybody yet"), FORBIDDEN)
        if match.url_name in OPEN_WITHOUT_PROOF or asking(request).proof.stands:
            return None
        return to_second_factor(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say a refusal as a page."""
        match = request.resolver_match
        if not isinstance(error, Refused) or match is None or match.app_name != "web":
            return None
        reason = error.reason
        status = FORBIDDEN if reason.code in _NOT_YOURS else CONFLICT
        status = NOT_FOUND if type(error).__name__.startswith("UnableToFind") else status
        return refused(request, reason.label, status)


def asking(request: HttpRequest) -> Asking:
    """Give who sent a request."""
    found: Asking = request.asking  # type: ignore[attr-defined]
    return found


def person_id(request: HttpRequest) -> UUID:
    """Give the id of whoever is signed in, on a page that only those who are can open."""
    return cast("UUID", request.user.pk)


def actor(request: HttpRequest) -> Actor:
    """Give who asks a verb, on a page that only those who are signed in can open."""
    found = asking(request).actor
    if found is None:
        raise RuntimeError("a page that asks a verb must not be open to everybody")
    return found


def turned_away(request: HttpRequest, asked: Page) -> HttpResponse | None:
    """Give the answer to somebody who may not open a page: to sign in, or why not; None to who may."""
    who = asking(request)
    if who.may_open(asked):
        return None
    if not who.signed_in:
        return to_sign_in(request)
    roles = [role for role in Role if isinstance(asked.readers, frozenset) and role in asked.readers]
    zh, en = "、".join(role.label.zh for role in roles), ", ".join(role.label.en for role in roles)
    label = Label(f"此页面供{zh}使用，您当前的身份不能打开", f"this page is for: {en}; what you act as can't open it")
    others = [row for row in who.standing.memberships if Role(row.role) in roles] if who.standing else []
    return refused(request, label, FORBIDDEN, others=others)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead to the sign-in page and back; a part of a page that asks for itself has the whole page led there."""
    there = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
    if "HX-Request" in request.headers:
        return HttpResponse(status=UNAUTHORISED, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
    return HttpResponseRedirect(there)


def safe_address(request: HttpRequest, there: str) -> str:
    """Keep to this service whoever would be led elsewhere."""
    hosts = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(there, allowed_hosts=hosts, require_https=request.is_secure())
    return there if there and safe else "/"


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """Lead staff to the page that asks for a second factor, and back; what was sent there is not done."""
    here = reverse("web:second-factor")
    if "HX-Request" in request.headers:
        return HttpResponse(status=FORBIDDEN, headers={"HX-Redirect": here})
    if request.method not in {"GET", "HEAD"}:
        missing = asking(request).proof is Proof.MISSING
        why = second_factor.MISSING if missing else second_factor.UNPROVEN
        return refused(request, why, FORBIDDEN, next_step=here)
    return HttpResponseRedirect(f"{here}?{urlencode({'next': request.get_full_path()})}")


def refused(request: HttpRequest, why: Label, status: int, **more: Any) -> HttpResponse:
    """Say why something is refused, and what next."""
    return render(request, "web/refused.html", {"why": why, "status": status, **more}, status=status)

"""Webhooks: who may have one, which events it hears, how a message is signed, and for how long it is tried.

Messages, headers and signatures are those of the Standard Webhooks specification, so that any of its libraries verifies
them. A message is thin: it says what happened to which thing; what the thing is now, its receiver asks the API.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role

URL_MAX = 500
EVENTS_MAX = 30
EVENT_MAX = 61
WEBHOOKS_MAX = 10
"""Live ones of one place."""
BACK_OFF = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Pauses after the first, second … failure; after the last the message is given up."""
FAILING_MAX = timedelta(days=5)
"""A webhook that took nothing for so long is switched off."""
LEASE = timedelta(minutes=2)
"""Whoever sends a message has it so long for itself; a sender that died frees it by that."""
PREFIX = "whsec_"
STAGES = frozenset({"catalogue", "application", "voucher", "order", "settlement"})
"""Whose journal lines are events: those whose things belong to a holder, a centre or a programme; and prices."""

_EVENT = re.compile(r"[a-z]{1,20}\.(?:\*|[a-z_]{1,40})")
_STAFF = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.OPERATOR, Role.SYSTEM})


class DeliveryState(StrEnum):
    """How far a message is."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    GIVEN_UP = "GIVEN_UP"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return {
            DeliveryState.WAITING: Label("待投递", "waiting"),
            DeliveryState.DELIVERED: Label("已送达", "delivered"),
            DeliveryState.GIVEN_UP: Label("已放弃", "given up"),
        }[self]


class UnableToListen(Refused):
    """The webhook can't be kept so, or not by this actor."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose affairs a webhook hears: an organisation's, a centre's, or a programme's (empty for every one)."""

    organisation: UUID | None = None
    centre: str = ""
    programme: str = ""

    def hears(self, thing: Thing) -> bool:
        """Say whether a thing is one of its affairs."""
        if self.organisation is not None:
            return thing.holder == self.organisation
        if self.centre:
            return thing.centre == self.centre
        return thing.programme == "" or self.programme in {"", thing.programme}


@dataclass(frozen=True, slots=True)
class Thing:
    """What an event is about, as far as it says who may hear of it; a price is of every programme: an empty one."""

    programme: str
    holder: UUID | None = None
    centre: str = ""
    kind: str = ""


def place_of(by: Actor) -> Place:
    """Give the place that an actor's webhooks hear.

    Raises
    ------
    UnableToListen
        When the actor has no place, or doesn't administer it.
    """
    if not by.administrator and by.role is not Role.SYSTEM:
        raise UnableToListen(
            "NOT_ADMINISTRATOR", "须由该处的管理员设置", "an administrator of that place sets webhooks up", field="by"
        )
    if by.role is Role.APPLICANT and by.organisation is not None:
        return Place(organisation=by.organisation)
    if by.role is Role.CENTRE and by.centre:
        return Place(centre=by.centre)
    if by.role in _STAFF:
        return Place(programme=by.programme)
    raise UnableToListen("NOT_YOURS", "此身份没有可订阅的事项", "this actor has nothing to listen to", field="by")


def check_url(url: str, *, allow_private: bool) -> str:
    """Give an address that may be called; names are looked up, and looked at, each time it is.

    Raises
    ------
    UnableToListen
        When it is no plain https address.
    """
    try:
        parts = urlsplit(url)
        fine = bool(parts.hostname) and parts.username is None and parts.fragment == "" and (parts.port or 1) > 0
    except ValueError:
        fine = False
    allowed = {"https", "http"} if allow_private else {"https"}
    if not fine or parts.scheme not in allowed or len(url) > URL_MAX or not url.isascii() or not url.isprintable():
        raise UnableToListen(
            "URL_WRONG",
            f"须为https地址，最长{URL_MAX}字符，不含账号和片段",
            f"must be an https address of at most {URL_MAX} characters, without user or fragment",
            field="url",
        )
    return url


def check_events(events: Collection[str]) -> list[str]:
    """Give the events in one form: ``voucher.issue``, ``order.*``; none of them means every one.

    Raises
    ------
    UnableToListen
        Naming the first that is none.
    """
    wrong = [each for each in events if not _EVENT.fullmatch(each) or each.partition(".")[0] not in STAGES]
    if wrong or len(events) > EVENTS_MAX:
        raise UnableToListen(
            "EVENT_UNKNOWN",
            f"事件须写作“阶段.动作”或“阶段.*”，阶段为{'、'.join(sorted(STAGES))}，最多{EVENTS_MAX}项",
            f"write stage.verb or stage.*, the stage one of {', '.join(sorted(STAGES))}; at most {EVENTS_MAX}",
            field="events",
        )
    return sorted(set(events))


def check_count(live: int) -> None:
    """Keep the webhooks of a place few.

    Raises
    ------
    UnableToListen
        When there are as many as there may be.
    """
    if live >= WEBHOOKS_MAX:
        raise UnableToListen(
            "TOO_MANY_WEBHOOKS", f"最多{WEBHOOKS_MAX}个", f"at most {WEBHOOKS_MAX} of one place", field="webhook"
        )


def wants(events: Iterable[str], event: str) -> bool:
    """Say whether a webhook asked for an event.

    >>> wants(["order.*", "voucher.issue"], "order.hold"), wants(["voucher.issue"], "voucher.freeze"), wants([], "a.b")
    (True, False, True)
    """
    wanted = set(events)
    return not wanted or event in wanted or f"{event.partition('.')[0]}.*" in wanted


def secret_of(house: bytes, webhook: UUID, generation: int) -> str:
    """Give a webhook's secret: made of the house's own, so that no table holds it."""
    made = hmac.new(house, f"webhook\x1f{webhook}\x1f{generation}".encode(), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(made).decode()


def signed(secret: str, message: UUID, at: datetime, body: bytes) -> dict[str, str]:
    """Give the three headers of a message, as the specification names them."""
    stamp = str(int(at.timestamp()))
    content = b".".join([str(message).encode(), stamp.encode(), body])
    digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), content, hashlib.sha256).digest()
    return {
        "webhook-id": str(message),
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def address_allowed(address: str, *, allow_private: bool) -> bool:
    """Say whether an address may be called: a public one, so that nobody looks behind walls through us."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return allow_private or ((mapped or found).is_global and not found.is_multicast)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """Give when a message is tried again after so many failures; None when it is given up."""
    return now + BACK_OFF[attempts - 1] if attempts <= len(BACK_OFF) else None


def failing_too_long(failing_since: datetime | None, now: datetime) -> bool:
    """Say whether a webhook took nothing for so long that it is switched off."""
    return failing_since is not None and now - failing_since >= FAILING_MAX

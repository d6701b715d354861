"""What programs may ask, and how often: one answer for one key, and a pace that none goes past."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules.actor import Actor

KEPT = timedelta(hours=48)
"""An answer is kept so long that a program which was down for a day still finds it."""
WINDOW_S = 60
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class UnableToRepeat(Refused):
    """A write was asked without a key, or with one that stands for another request."""


class UnableToKeepPace(Refused):
    """A program asks more often than it may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered: the status, and the body as it was sent."""

    status: int
    body: str
    kind: str = "application/json"


Act = Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a program is in its window: so many of so many, and the seconds until the next one begins."""

    most: int
    used: int
    reset_s: int

    @property
    def left(self) -> int:
        """How many requests are left."""
        return max(0, self.most - self.used)


def check_key(key: str) -> str:
    """Give a key that a write may have.

    Raises
    ------
    UnableToRepeat
        When it is missing, or not 1 to 200 visible ASCII characters.
    """
    if not _KEY.fullmatch(key):
        raise UnableToRepeat(
            "KEY_MISSING",
            "写入请求须带 Idempotency-Key（1至200个可见字符，如 UUID）；重试时用同一个值",
            "a write needs an Idempotency-Key of 1 to 200 visible characters, such as a UUID; repeat it when retrying",
            field="Idempotency-Key",
        )
    return key


def digest_of(by: Actor, *parts: bytes) -> bytes:
    """Give the digest of a request: what is asked, and as what. Each part goes in with its length.

    >>> from jiaozi.party.rules.actor import Role
    >>> nobody = Actor("person:1", Role.APPLICANT)
    >>> digest_of(nobody, b"ab", b"c") == digest_of(nobody, b"a", b"bc")
    False
    """
    place = (by.role, str(by.organisation or ""), by.centre or "", by.programme)
    whole = hashlib.sha256()
    for part in (*(word.encode() for word in place), *parts):
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.digest()


def check_same(kept: bytes, asked: bytes) -> None:
    """Let a key be used again for the same request alone.

    Raises
    ------
    UnableToRepeat
        When the request differs.
    """
    if kept != asked:
        raise UnableToRepeat(
            "KEY_USED",
            "此 Idempotency-Key 已用于另一请求；新的请求请换用新的值",
            "this Idempotency-Key stands for another request; choose a new one for a new request",
            field="Idempotency-Key",
        )


def window(now: datetime, most: int, used: int) -> Pace:
    """Give a pace in the window that an instant falls in."""
    return Pace(most, used, WINDOW_S - int(now.timestamp()) % WINDOW_S)


def check_pace(pace: Pace) -> None:
    """Let a program ask as often as it may.

    Raises
    ------
    UnableToKeepPace
        Past that, with the seconds to wait.
    """
    if pace.used > pace.most:
        raise UnableToKeepPace(
            "TOO_MANY_REQUESTS",
            f"每{WINDOW_S}秒最多{pace.most}次请求，请于{pace.reset_s}秒后重试",
            f"at most {pace.most} requests in {WINDOW_S} s; ask again in {pace.reset_s} s",
        )

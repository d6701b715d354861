"""The line between platform and agent: two streams of numbered messages, each kept once, whatever happens to letters.

A letter carries the oldest messages that the other side has not confirmed, and says how far this side has listened.
Who receives it keeps what is next in number, passes over what it has, and believes no message after a gap. So a letter
can be lost, doubled or late at any place, and nothing is lost or done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jiaozi.engines.agent.envelope import Envelope, seal, unseal
from jiaozi.engines.agent.spool import Page, Spool

MESSAGES_PER_LETTER = 500
LETTER_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One end of the line."""

    me: str
    other: str
    centre: str
    key: Ed25519PrivateKey
    other_key: Ed25519PublicKey


def write(line: Line, spool: Spool) -> bytes:
    """Write the next letter; the same again, until what it says was confirmed."""
    with spool.change() as page:
        first, messages = page.to_say(MESSAGES_PER_LETTER, LETTER_BYTES)
        envelope = Envelope(
            sender=line.me,
            centre=line.centre,
            stream=page.get("stream"),
            first=first,
            messages=tuple(messages),
            reading=page.get("reading"),
            received=page.number("received"),
        )
    return seal(envelope, line.key)


def read(
    line: Line,
    spool: Spool,
    letter: bytes,
    *,
    take: Callable[[Page, Mapping[str, Any]], None],
    forgotten: Callable[[Page], None],
) -> int:
    """Read a letter: take each message that is next, and forget what was confirmed. Gives how many were taken.

    ``forgotten`` says again what an other end that lost its memory must know.

    Raises
    ------
    UnableToRead
        When it is not from the other end.
    """
    envelope = unseal(letter, line.other_key, sender=line.other, centre=line.centre)
    taken = 0
    with spool.change() as page:
        if envelope.stream < page.get("reading"):
            return 0  # of a stream that has ended: streams are named in the order in which they began
        if envelope.stream > page.get("reading") and envelope.first == 1:
            page.set("reading", envelope.stream)
            page.set("received", "0")
        if envelope.reading == page.get("stream"):
            page.confirmed(min(envelope.received, page.number("said")))
        elif not envelope.reading and page.number("confirmed"):
            forgotten(page)  # the other side has lost its memory: begin again with all that it must know
            page.say_again()
        mine = envelope.stream == page.get("reading")  # else its beginning was kept by a memory that is lost
        for number, message in enumerate(envelope.messages if mine else (), start=envelope.first):
            if number == page.number("received") + 1:
                take(page, message)
                page.set("received", str(number))
                taken += 1
    return taken

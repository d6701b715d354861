"""A signed letter between platform and agent: what it carries, who wrote it, what the writer has received.

One line of signature (Ed25519, hexadecimal), then canonical JSON. Letters may be lost, doubled, late, or old ones sent
again by somebody else; ``link`` makes of them two streams in which each message counts once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jiaozi.kernel import signed
from jiaozi.kernel.canonical import canonical
from jiaozi.kernel.refusal import Refused

BYTES_MAX = 64 * 1024 * 1024
_VERSION = 1


class UnableToRead(Refused):
    """A letter that is not believed; nothing of it had any effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What one side says in one letter.

    Attributes
    ----------
    sender
        ``platform``, or the centre whose agent this is; a letter never passes for one of the other side.
    centre
        Whose letters these are: one key may serve several centres.
    stream
        Names the sender's outbox; another one means that it began anew.
    first
        Number of the first message; the others follow without a gap.
    reading, received
        The other side's stream as far as it is known here, and the number of its last message that was kept.
    """

    sender: str
    centre: str
    stream: str
    first: int
    messages: tuple[Mapping[str, Any], ...]
    reading: str
    received: int


def seal(envelope: Envelope, key: Ed25519PrivateKey) -> bytes:
    """Write and sign a letter."""
    body = canonical(
        {
            "v": _VERSION,
            "sender": envelope.sender,
            "centre": envelope.centre,
            "stream": envelope.stream,
            "first": envelope.first,
            "messages": [dict(each) for each in envelope.messages],
            "reading": envelope.reading,
            "received": envelope.received,
        }
    )
    return signed.seal(body, key)


def unseal(letter: bytes, key: Ed25519PublicKey, *, sender: str, centre: str) -> Envelope:
    """Check a letter and read it.

    Raises
    ------
    UnableToRead
        When it is too large, not signed by this key, not from this sender or not of this version.
    """
    if len(letter) > BYTES_MAX:
        raise UnableToRead("LETTER_TOO_LARGE", f"报文超过{BYTES_MAX}字节", f"a letter is at most {BYTES_MAX} bytes")
    try:
        body = signed.unseal(letter, key)
    except ValueError:
        raise UnableToRead(
            "SIGNATURE_WRONG",
            "报文签名无效：请核对双方公钥",
            "the letter is not signed by the key that is known here; check both sides' public keys",
        ) from None
    try:
        said = json.loads(body)
        if said["v"] != _VERSION:
            raise UnableToRead(
                "VERSION_UNKNOWN", f"报文版本{said['v']}未知", f"letters of version {said['v']} are unknown"
            )
        envelope = Envelope(
            sender=str(said["sender"]),
            centre=str(said["centre"]),
            stream=str(said["stream"]),
            first=int(said["first"]),
            messages=tuple(dict(each) for each in said["messages"]),
            reading=str(said["reading"]),
            received=int(said["received"]),
        )
    except (ValueError, TypeError, KeyError):
        raise UnableToRead("LETTER_GARBLED", "报文内容无法读取", "the letter's content can't be read") from None
    if (envelope.sender, envelope.centre) != (sender, centre):
        raise UnableToRead(
            "LETTER_ASTRAY",
            f"报文来自{envelope.sender}（{envelope.centre}），应来自{sender}（{centre}）",
            f"the letter is from {envelope.sender} ({envelope.centre}), expected was {sender} ({centre})",
        )
    return envelope


def public_half(path: Path) -> bytes:
    """Give the public half of a private key as PEM, for the other side."""
    return signed.pem_of(private_key(str(path)).public_key())


@lru_cache(maxsize=64)
def private_key(path: str) -> Ed25519PrivateKey:
    """Read one's own key.

    Raises
    ------
    UnableToRead
        When it is no such key.
    """
    try:
        return signed.private_key(Path(path))
    except ValueError as problem:
        raise _no_key(problem) from None


@lru_cache(maxsize=64)
def public_key(path: str) -> Ed25519PublicKey:
    """Read the other side's key.

    Raises
    ------
    UnableToRead
        When it is no such key.
    """
    try:
        return signed.public_key(Path(path).read_bytes())
    except (OSError, ValueError) as problem:
        raise _no_key(problem) from None


def _no_key(problem: object) -> UnableToRead:
    return UnableToRead("KEY_UNREADABLE", f"读不到密钥：{problem}", f"the key can't be read: {problem}")

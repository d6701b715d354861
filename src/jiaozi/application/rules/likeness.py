"""What a paper is compared by: its plain text, a sketch that finds texts with much in common, its picture. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from heapq import nsmallest
from typing import Any

TEXT_MAX = 50_000
SMALLEST_BYTES = 256
"""No PDF or picture of fewer bytes holds a page that could be like another."""
SKETCH_SIZE = 32
PIECE_CHARACTERS = 5
PICTURE_BYTES = 32
REASON_MAX = 200
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a paper; ``reason`` says why nothing could be, and is empty where it could."""

    text: str = ""
    sketch: tuple[int, ...] = ()
    picture: bytes | None = None
    reason: str = ""


def of_text(text: str, picture: bytes | None = None) -> Read:
    """Give what a text is compared by; NUL and half characters can't be stored and are no text."""
    text = _stored(text)[:TEXT_MAX]
    return Read(text, sketch(text), picture)


def sketch(text: str) -> tuple[int, ...]:
    """Give the 32 smallest hashes of a text's pieces of five characters.

    Two texts of which 85 % of the pieces are common share most of them, two that have none in common share none, so
    an index over them finds who is worth an exact comparison.

    >>> one, other = sketch("算力服务合同第一条" * 20), sketch("算力服务合同第一条" * 19)
    >>> one == other, sketch("短")
    (True, ())
    """
    plain = "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())
    pieces = {plain[start : start + PIECE_CHARACTERS] for start in range(len(plain) - PIECE_CHARACTERS + 1)}
    return tuple(nsmallest(SKETCH_SIZE, {_hash(piece) for piece in pieces}))


def _hash(piece: str) -> int:
    return int.from_bytes(blake2b(piece.encode(), digest_size=_HASH_BYTES).digest(), "big") >> 1


def as_told(told: Any) -> Read:
    """Read the reader's answer, which is believed in its form alone."""
    if not isinstance(told, Mapping):
        return unread("ANSWER")
    if "reason" in told:
        return unread(str(told["reason"]))
    text, picture = told.get("text"), told.get("picture")
    if not isinstance(text, str) or not (picture is None or isinstance(picture, str)):
        return unread("ANSWER")
    try:
        bits = bytes.fromhex(picture) if picture else None
    except ValueError:
        return unread("ANSWER")
    return of_text(text, bits if bits and len(bits) == PICTURE_BYTES else None)


def unread(reason: str) -> Read:
    """Say why a paper could not be read."""
    return Read(reason=_stored(reason)[:REASON_MAX])


def _stored(text: str) -> str:
    return text.replace("\x00", "").encode(errors="replace").decode()

"""What is sealed of an entry, and how one seal follows from the one before.

An entry is a line of the journal or a transfer of the ledger. Its *leaf* is the SHA-256 of its open columns; its *head*
is the SHA-256 of the head before it and its leaf. So the last head stands for every entry before it, in its order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jiaozi.kernel import canonical
from jiaozi.ledger.rules import KINDS, AccountKind, Book

ORIGIN = "jiaozi/open-data/1"
GENESIS = hashlib.sha256(ORIGIN.encode()).digest()
"""The head before the first entry."""
SEALED = (
    *("source", "id", "at", "programme", "event", "kind", "debit", "credit", "amount_fen", "hold", "hold_fen", "chain"),
    *("reference", "year", "clause", "holder_class", "parts", "stage", "verb", "before", "after", "digest"),
)
"""The columns that a leaf covers, in its order; docs/reference/open-data.md says what each means."""
COLUMNS = ("n", *SEALED, "leaf", "head")
NUMBERS = frozenset({"n", "amount_fen", "hold_fen", "year"})


class Source(StrEnum):
    """Where an entry comes from; of a withheld one only its leaf is told."""

    JOURNAL = "JOURNAL"
    TRANSFER = "TRANSFER"
    WITHHELD = "WITHHELD"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed word on how long the chain is and what its last head is."""

    n: int
    head: bytes
    at: datetime
    key: bytes
    signature: bytes

    @property
    def fingerprint(self) -> str:
        """Name the key: the first sixteen hexadecimal digits of its SHA-256."""
        return fingerprint(self.key)

    def stands(self) -> bool:
        """Say whether the signature is the key's own, over exactly this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, signed_text(self.n, self.head, self.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def leaf(row: Mapping[str, object]) -> bytes:
    """Give an entry's leaf, 32 bytes: the digest of its sealed columns as texts, an absent one empty.

    Accounts' names and every id are in it, random ones too, so that a withheld entry can't be guessed from its leaf.
    """
    return canonical.digest([str(row.get(name, "")) for name in SEALED])


def link(head: bytes, leaf_: bytes) -> bytes:
    """Give the head that follows a head by a leaf."""
    return hashlib.sha256(head + leaf_).digest()


def signed_text(n: int, head: bytes, at: datetime) -> bytes:
    """Give what a checkpoint's signature covers."""
    return f"{ORIGIN}\n{n}\n{head.hex()}\n{moment(at)}\n".encode()


def sign(key: Ed25519PrivateKey, *, n: int, head: bytes, at: datetime) -> Checkpoint:
    """Sign how far the chain reaches."""
    public = key.public_key().public_bytes_raw()
    return Checkpoint(n, head, at, public, key.sign(signed_text(n, head, at)))


def fingerprint(key: bytes) -> str:
    """Name a public key shortly.

    >>> fingerprint(bytes(32))
    '66687aadf862bd77'
    """
    return hashlib.sha256(key).hexdigest()[:16]


def moment(at: datetime) -> str:
    """Write an instant the one way in which it is sealed.

    >>> moment(datetime(2026, 11, 25, 2, tzinfo=UTC))
    '2026-11-25T02:00:00.000000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_open(*accounts: tuple[AccountKind, str]) -> bool:
    """Say whether a transfer between these accounts may be shown: public money, and caps on the whole programme.

    Holders' own shares, what traders deposit and offer, quotas, and caps on one holder or one project are business
    secrets: of these entries only the leaf is told.
    """
    for kind, subject in accounts:
        book = KINDS[kind][0]
        whole = not subject or subject.split("/")[1:2] == ["programme"]
        if book not in {Book.FACE, Book.CASH} and not (book is Book.LIMITS and whole):
            return False
    return True

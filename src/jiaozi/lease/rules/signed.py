"""A signed text: one line of signature (Ed25519) in hexadecimal, then canonical JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jiaozi.kernel import signed
from jiaozi.kernel.canonical import canonical
from jiaozi.kernel.refusal import Refused

_KEY_MAX = 1_000


class UnableToBelieve(Refused):
    """A signed text that is not what it should be; nothing of it had any effect."""


def seal(body: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """Write and sign a text."""
    return signed.seal(canonical(dict(body)), key).decode()


def content_of(text: str, key: Ed25519PublicKey) -> str:
    """Give a signed text's content.

    Raises
    ------
    UnableToBelieve
        When it is not signed by this key.
    """
    try:
        return signed.unseal(text.encode(), key).decode()
    except ValueError:  # not signed, or no text that could be
        raise UnableToBelieve(
            "SIGNATURE_WRONG",
            "签名无效：须由登记的密钥签署",
            "it is not signed by the key that is registered",
            field="signature",
        ) from None


def public_key(pem: str) -> Ed25519PublicKey:
    """Read a public key.

    Raises
    ------
    UnableToBelieve
        When it is no Ed25519 key in PEM.
    """
    try:
        return signed.public_key(pem.encode() if len(pem) <= _KEY_MAX else b"")
    except ValueError:
        raise UnableToBelieve(
            "KEY_WRONG", "须为PEM格式的Ed25519公钥", "it must be an Ed25519 public key in PEM", field="key"
        ) from None


def public_text(key: Ed25519PublicKey) -> str:
    """Write a public key as PEM."""
    return signed.pem_of(key).decode()


def garbled(field: str, zh: str, en: str) -> UnableToBelieve:
    """Say that a text is signed and still can't be read."""
    return UnableToBelieve("CONTENT_GARBLED", zh, en, field=field)

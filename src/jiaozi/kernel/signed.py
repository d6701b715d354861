"""Ed25519: keys as PEM, and a signed text: one line of signature in hexadecimal, then what was signed."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_SIGNATURE_CHARACTERS = 128
_NOT_SIGNED = "not signed by this key"


def make_key(path: Path) -> None:
    """Make a private key that only its owner can read; one that is there stays."""
    if path.exists():
        return
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.touch(mode=0o600)
    path.write_bytes(text)


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key from its file.

    Raises
    ------
    ValueError
        When there is none.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise ValueError(str(problem)) from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError("not Ed25519")


def public_key(pem: bytes) -> Ed25519PublicKey:
    """Read a public key.

    Raises
    ------
    ValueError
        When it is none.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise ValueError(str(problem)) from None
    if isinstance(key, Ed25519PublicKey):
        return key
    raise ValueError("not Ed25519")


def pem_of(key: Ed25519PublicKey) -> bytes:
    """Write a public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def seal(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """Sign a text."""
    return key.sign(content).hex().encode() + b"\n" + content


def unseal(text: bytes, key: Ed25519PublicKey) -> bytes:
    """Give a signed text's content.

    Raises
    ------
    ValueError
        When this key did not sign it.
    """
    signature, _, content = text.partition(b"\n")
    if len(signature) != _SIGNATURE_CHARACTERS:
        raise ValueError(_NOT_SIGNED)
    try:
        key.verify(bytes.fromhex(signature.decode("ascii")), content)
    except (InvalidSignature, ValueError):
        raise ValueError(_NOT_SIGNED) from None
    return content

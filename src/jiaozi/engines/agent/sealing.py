"""What the platform alone may read: sealed at the centre for one session, opened when its holder asks.

HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM). Each session has a key pair of its own, made anew whenever it is
needed from the platform's key and the order's id: the private half is written nowhere, the public one travels with the
order.
"""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PURPOSE = b"jiaozi agent session 1"
_KEY_BYTES = 32


def public_half(key: Ed25519PrivateKey, order_id: UUID) -> str:
    """Give the key to which a session's secrets are sealed, in hexadecimal."""
    return _private(key, order_id).public_key().public_bytes_raw().hex()


def seal(content: bytes, public: str, order_id: UUID, what: str) -> str:
    """Seal a secret of a session; ``what`` it is must be named again to open it.

    Raises
    ------
    ValueError
        When the key is none.
    """
    sealed = _SUITE.encrypt(content, X25519PublicKey.from_public_bytes(bytes.fromhex(public)), _info(order_id, what))
    return base64.b64encode(sealed).decode()


def unseal(text: str, key: Ed25519PrivateKey, order_id: UUID, what: str) -> bytes:
    """Open a secret of a session.

    Raises
    ------
    ValueError
        When it was sealed to another key, for another session, as something else, or was changed.
    """
    try:
        sealed = base64.b64decode(text, validate=True)
        return bytes(_SUITE.decrypt(sealed, _private(key, order_id), _info(order_id, what)))
    except (InvalidTag, binascii.Error) as problem:
        raise ValueError("not sealed to this key, for this session") from problem


def _private(key: Ed25519PrivateKey, order_id: UUID) -> X25519PrivateKey:
    made = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=order_id.bytes, info=_PURPOSE)
    return X25519PrivateKey.from_private_bytes(made.derive(key.private_bytes_raw()))


def _info(order_id: UUID, what: str) -> bytes:
    return b"\0".join((_PURPOSE, order_id.bytes, what.encode()))

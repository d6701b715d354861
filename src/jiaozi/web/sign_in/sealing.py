"""Sealing the secrets of authenticator apps: a copy of the database alone must give nobody a second factor."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_KEY_BYTES = 32


def seal(text: str) -> str:
    """Seal a text under the present secret key."""
    return _keys().encrypt(text.encode()).decode()


def open_sealed(text: str) -> str:
    """Open what was sealed under the present key or one that it replaced.

    Raises
    ------
    cryptography.fernet.InvalidToken
        When it was sealed under none of them.
    """
    return _keys().decrypt(text.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str | bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"jiaozi second factors")
    return base64.urlsafe_b64encode(derived.derive(force_bytes(secret)))

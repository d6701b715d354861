"""What the platform and one session know, and nobody else: its token, its SSH host key, the mark of its limit.

All are drawn (HKDF) from one key of the platform's and the order's id. So nothing of them is stored, each process of
the platform knows them, and a second submission of an order makes the same ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from jiaozi.kernel import signed
from jiaozi.order.ports import UnableToReachEngine

_log = structlog.get_logger(__name__)
_BYTES = 32


class Keys:
    """One session's keys.

    Raises
    ------
    UnableToReachEngine
        When the platform's key can't be read or made.
    """

    def __init__(self, key_file: str, job: str) -> None:
        self._job = job
        try:
            if not Path(key_file).exists():
                _log.warning("the key of sessions is missing and is made anew", path=key_file)
            signed.make_key(Path(key_file))
            self._root = signed.private_key(Path(key_file)).private_bytes_raw()
        except (OSError, ValueError) as problem:
            raise UnableToReachEngine(
                "SESSION_KEY_MISSING",
                f"会话密钥文件session_key_file不可用：{problem}",
                f"the key of sessions (session_key_file) can't be used: {problem}",
            ) from None

    def token(self) -> str:
        """Give the way into JupyterLab."""
        return base64.urlsafe_b64encode(self._drawn("token")).decode().rstrip("=")

    def host_key(self) -> str:
        """Give the private host key of the SSH server, as OpenSSH's file."""
        return self._host().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()

    def host_key_public(self) -> str:
        """Give the host key that the server must show."""
        return self._host().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def limit_key(self) -> str:
        """Give the key of the limit's mark, in hexadecimal, for the session's guard."""
        return self._drawn("limit").hex()

    def mark(self, limit_ms: int) -> str:
        """Give the mark by which the guard knows that a limit is meant for this order."""
        return hmac.new(self._drawn("limit"), f"{self._job}:{limit_ms}".encode(), hashlib.sha256).hexdigest()

    def _host(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._drawn("host"))

    def _drawn(self, use: str) -> bytes:
        return HKDF(SHA256(), _BYTES, salt=None, info=f"jiaozi ray {use} {self._job}".encode()).derive(self._root)

"""A permit: the platform's signed word that an order is funded, which the centre's gate checks without the platform.

``jz1;<cluster>;<order>;<partition>;<cores>;<cards>;<minutes>;<expiry>;<signature>``: plain text, so that a gate in Lua
reads it with one pattern, and an Ed25519 signature in hexadecimal over all that stands before it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jiaozi.engines.slurm.ports import Batch
from jiaozi.kernel import signed
from jiaozi.order.ports import UnableToReachEngine

VERSION = "jz1"


def public_key(path: Path) -> bytes:
    """Give the public half as PEM, for the gate."""
    return signed.pem_of(_key(str(path)).public_key())


def sign(batch: Batch, *, cluster: str, key_file: str, expires_at: datetime) -> str:
    """Sign what a batch job may be.

    Raises
    ------
    UnableToReachEngine
        When the key can't be read; nothing is submitted without it.
    """
    cards = int(batch.gres.rpartition(":")[2]) if batch.gres else 0
    until_s = int(expires_at.timestamp())
    words = (VERSION, cluster, batch.order, batch.partition, batch.cores, cards, batch.limit_min, until_s)
    text = ";".join(str(word) for word in words)
    return f"{text};{_key(key_file).sign(text.encode()).hex()}"


def expiry(now: datetime, valid_s: int) -> datetime:
    """Give when a permit made now ends."""
    return now + timedelta(seconds=valid_s)


@lru_cache(maxsize=16)
def _key(path: str) -> Ed25519PrivateKey:
    try:
        return signed.private_key(Path(path))
    except ValueError as problem:
        raise UnableToReachEngine(
            "PERMIT_KEY_UNREADABLE",
            f"读不到许可签名密钥：{problem}",
            f"the key that signs permits can't be read: {problem}",
        ) from None

"""Ids: time-ordered UUIDs (version 7) for what is new, name-based ones (version 5) for what its name already fixes."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7

_HOUSE = uuid.uuid5(uuid.NAMESPACE_URL, "tag:jiaozi,2026:ids")


def new_id() -> uuid.UUID:
    """Make a fresh id; later ones sort after earlier ones, so that an index grows at its end."""
    return uuid7()


def named_id(kind: str, *parts: object) -> uuid.UUID:
    """Give the one id that a kind and its parts always have: no look-up is needed to find it.

    >>> named_id("account", "face", 1) == named_id("account", "face", 1) != named_id("account", "face/1")
    True
    """
    text = "\x1f".join([kind, *(str(part) for part in parts)])
    return uuid.uuid5(_HOUSE, text)

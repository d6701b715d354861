"""Walking a list to its end, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def every(list_: Callable[..., Any], *inside: Any, **query: Any) -> Iterator[Any]:
    """Give every item of a list; ``list_`` is one of the client's methods whose answer has ``items`` and ``next``."""
    cursor: str | None = ""
    while cursor is not None:
        found = list_(*inside, **query, cursor=cursor or None)
        yield from found["items"]
        cursor = found["next"]

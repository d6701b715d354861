"""Pages: so many rows, and an opaque cursor that says where the next page begins.

A cursor names the last row by its place in the list's order, never by its number, so that rows that come meanwhile
move nothing: no row is left out or shown twice.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from jiaozi.api.problem import UnableToRead
from jiaozi.api.shape import Name, Shape, Wish

PAGE_MAX = 100
__all__ = ["Filter", "Page", "at_date", "at_id", "at_instant", "at_number", "page"]
ItemT = TypeVar("ItemT", bound=Shape)
RowT = TypeVar("RowT")
PartT = TypeVar("PartT")
NUMBER_END = 2**63
Place = tuple[datetime | date | UUID | int, ...]

Limit = Annotated[int, Field(ge=1, le=PAGE_MAX, description="rows of a page")]
Cursor = Annotated[str, Field(max_length=300, description="`next` of the page before; empty for the first")]


class Filter(Wish):
    """What every list of a programme is asked with."""

    programme: Name = Field("", description="the programme; empty for the membership's, or the one that is served")
    limit: Limit = 50
    cursor: Cursor = ""


class Page(Shape, Generic[ItemT]):
    """Some rows of a list, and the cursor of the next page where there is one."""

    items: list[ItemT]
    next: str | None = Field(description="cursor of the next page; null on the last one")


def page(
    rows: Sequence[RowT], limit: int, show: Callable[[RowT], ItemT], place: Callable[[RowT], Place]
) -> Page[ItemT]:
    """Make a page of rows that were asked for with one more than the limit."""
    here = rows[:limit]
    more = len(rows) > limit
    return Page[ItemT].model_construct(
        items=[show(row) for row in here], next=write_cursor(place(here[-1])) if more else None
    )


def write_cursor(place: Place) -> str:
    """Give the opaque text of a place."""
    parts = [
        part if isinstance(part, int) else part.isoformat() if isinstance(part, date) else str(part) for part in place
    ]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def at_instant(cursor: str) -> tuple[datetime, UUID] | None:
    """Read the place of a list in order of instant and id."""
    found = _parts(cursor, 2)
    return (_read(_instant, found[0]), _read(UUID, found[1])) if found else None


def at_date(cursor: str) -> tuple[date, UUID] | None:
    """Read the place of a list in order of date and id."""
    found = _parts(cursor, 2)
    return (_read(date.fromisoformat, found[0]), _read(UUID, found[1])) if found else None


def at_id(cursor: str) -> UUID | None:
    """Read the place of a list in order of ids."""
    found = _parts(cursor, 1)
    return _read(UUID, found[0]) if found else None


def at_number(cursor: str) -> int:
    """Read the place of a list in order of numbers."""
    found = _parts(cursor, 1)
    return _read(_number, found[0]) if found else 0


def _parts(cursor: str, count: int) -> list[str]:
    if not cursor:
        return []
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise _wrong() from None
    if not isinstance(parts, list) or len(parts) != count:
        raise _wrong()
    return [str(part) for part in parts]


def _read(kind: Callable[[str], PartT], part: str) -> PartT:
    try:
        return kind(part)
    except (ValueError, OverflowError):
        raise _wrong() from None


def _instant(part: str) -> datetime:
    found = datetime.fromisoformat(part)
    if found.tzinfo is None:
        raise ValueError(part)
    return found


def _number(part: str) -> int:
    number = int(part)
    if not 0 <= number < NUMBER_END:
        raise ValueError(part)
    return number


def _wrong() -> UnableToRead:
    return UnableToRead(
        "CURSOR_WRONG",
        "翻页游标无效，请使用上一页给出的 next",
        "the cursor is none of this list; use `next` of the page before",
        field="cursor",
    )

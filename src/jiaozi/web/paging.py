"""Pages of long lists: so many rows, and the address of the next ones, which keeps the page's filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest

Row = TypeVar("Row")
_GAP = "~"


def place_of(request: HttpRequest, read: Callable[[str], date] | None = None) -> tuple[Any, UUID] | None:
    """Give the instant and id of the last row of the page before; None on the first page.

    ``read`` reads what stands in the instant's place, where a list goes by days.

    Raises
    ------
    Http404
        When the address is none of ours.
    """
    text = request.GET.get("after", "")
    if not text:
        return None
    instant, _, id_ = text.partition(_GAP)
    try:
        at, found = (read or datetime.fromisoformat)(instant), UUID(id_)
    except ValueError:
        raise Http404(text) from None
    if isinstance(at, datetime) and at.tzinfo is None:
        raise Http404(text)
    return at, found


def paged(
    request: HttpRequest, rows: Sequence[Row], limit: int, place: Callable[[Row], tuple[date, Any]]
) -> dict[str, Any]:
    """Give a page of rows that were asked for with one more than the limit, and the queries of the next and the first.

    ``next`` is None on the last page; ``first`` is None on the first.
    """
    here = list(rows[:limit])
    kept = request.GET.copy()
    came = kept.pop("after", None)
    first = kept.urlencode()
    following = None
    if len(rows) > limit:
        instant, id_ = place(here[-1])
        kept["after"] = f"{instant.isoformat()}{_GAP}{id_}"
        following = kept.urlencode()
    return {"rows": here, "next": following, "first": first if came else None}

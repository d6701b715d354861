"""The year that a page shows: the one that its address asks for, and those that it offers."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404

FIRST, BACK = 2000, 4


def year_asked(words: Mapping[str, str], last: int, *, first: int = FIRST, unnamed: int | None = None) -> int:
    """Read which year is asked for; the last, or ``unnamed``, where none is.

    Raises
    ------
    Http404
        When it is none from the first to the last.
    """
    asked = words.get("year", "")
    if not asked:
        return last if unnamed is None else unnamed
    if not (asked.isascii() and asked.isdigit() and len(asked) == len(str(last)) and first <= int(asked) <= last):
        raise Http404(asked)
    return int(asked)


def years_offered(last: int, first: int = FIRST) -> range:
    """Give the last year and the few before it, the latest first."""
    return range(last, max(first, last - BACK) - 1, -1)

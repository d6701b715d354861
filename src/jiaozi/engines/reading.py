"""How far usage was read from an engine that lists all its jobs each time: what is still open, not what is done.

An engine that gives its whole list needs no place in it. The cursor holds the jobs that were seen and not yet given,
however long they last, and the marks of those given among the newest; so a record can be late by weeks and is found,
and none is given twice. Instants are the engine's own and only compared with each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from jiaozi.order.ports import UnableToReadUsage

OVERLAP_MS = 6 * 3_600_000
"""How much older than the newest a job may be when it is first seen: several clocks number one list."""

_MARK_BYTES = 6


@dataclass(frozen=True, slots=True)
class Listed:
    """A job in the engine's list: its name for ever, when it was submitted, whether its record can be given."""

    key: str
    submitted_ms: int
    ended: bool

    @property
    def mark(self) -> str:
        """A short name of the job."""
        return hashlib.sha256(self.key.encode()).hexdigest()[: 2 * _MARK_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where reading stands: the newest submission seen, marks given since shortly before it, marks seen and open."""

    upto_ms: int = 0
    given: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


def advance(cursor: Cursor, listed: Sequence[Listed], *, page: int) -> tuple[list[Listed], Cursor, bool]:
    """Choose what to give: the oldest that ended and were not given, at most a page; and the cursor after them."""
    since_ms = cursor.upto_ms - OVERLAP_MS
    wanted = [
        each
        for each in listed
        if each.mark in cursor.open or (each.submitted_ms >= since_ms and each.mark not in cursor.given)
    ]
    ended = sorted((each for each in wanted if each.ended), key=lambda each: (each.submitted_ms, each.key))
    giving = ended[:page]
    now_given = {each.mark for each in giving}
    upto_ms = max([cursor.upto_ms, *(each.submitted_ms for each in listed)])
    after = Cursor(
        upto_ms=upto_ms,
        given=frozenset(
            each.mark
            for each in listed
            if each.submitted_ms >= upto_ms - OVERLAP_MS and (each.mark in cursor.given or each.mark in now_given)
        ),
        open=frozenset(each.mark for each in wanted if each.mark not in now_given),
    )
    return giving, after, len(ended) > page


def postpone(cursor: Cursor, late: Listed) -> Cursor:
    """Leave a job open that was chosen and can't be given yet."""
    return replace(cursor, given=cursor.given - {late.mark}, open=cursor.open | {late.mark})


def settled(cursor: Cursor, listed: Sequence[Listed]) -> list[Listed]:
    """Give the jobs whose records the caller has kept: he came back with the cursor that stands behind them."""
    since_ms = cursor.upto_ms - OVERLAP_MS
    return [
        each
        for each in listed
        if each.ended and each.mark not in cursor.open and (each.mark in cursor.given or each.submitted_ms < since_ms)
    ]


def write(cursor: Cursor) -> str:
    """Give a cursor as the text that the meter keeps."""
    words = {"list": 1, "upto": cursor.upto_ms, "given": sorted(cursor.given), "open": sorted(cursor.open)}
    return json.dumps(words, separators=(",", ":"))


def read(text: str) -> Cursor:
    """Read a cursor; the empty text is the beginning.

    Raises
    ------
    UnableToReadUsage
        When it is none of these.
    """
    if not text:
        return Cursor()
    try:
        words = json.loads(text)
        if words["list"] != 1:
            raise ValueError  # noqa: TRY301 - one refusal for every wrong form
        return Cursor(
            upto_ms=int(words["upto"]),
            given=frozenset(map(str, words["given"])),
            open=frozenset(map(str, words["open"])),
        )
    except (ValueError, TypeError, KeyError):
        raise UnableToReadUsage(
            "cursor_foreign",
            f"游标{text[:40]!r}不是本引擎给出的；从空游标重新读取",
            f"cursor {text[:40]!r} is none of this engine's; read again from the empty one",
            field="cursor",
        ) from None

"""What a job printed: who may read it, and the end of it as text that a page can show."""

from __future__ import annotations

import re
from uuid import UUID

from jiaozi.order.rules.session import check_access
from jiaozi.party.rules import Actor, Role, check_may_see

TAIL_BYTES = 16_384
"""What a page shows: a stated value of ours."""
DOWNLOAD_BYTES = 16 * 1024 * 1024
"""The most that is given as a file; engines keep less than this of a job unless they were told otherwise."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def check_may_read(by: Actor, *, holder: UUID, centre: str, programme: str, is_session: bool) -> None:
    """Let those who may see an order read what its job printed; a session's may hold its token: its holder alone.

    Raises
    ------
    UnableToSee, UnableToOpenSession
        For everybody else.
    """
    if is_session:
        check_access(by, holder, is_session=True)
    else:
        check_may_see(by, holder=holder, centre=centre, programme=programme)


def may_read(by: Actor | None, holder: UUID, session: object | None) -> bool:
    """Say whether somebody who may see an order may read what it printed too."""
    return session is None or (by is not None and by.role is Role.APPLICANT and by.organisation == holder)


def shown(printed: bytes, tail_bytes: int) -> str:
    r"""Give the end of what was printed as plain text: whole lines where it was cut, no terminal's orders in it.

    >>> shown(b"half a line\nepoch 1\r\x1b[31mepoch 2\x1b[0m\n\x00end", 30)
    'epoch 2\nend'
    >>> shown(b"half a line\nwhole", 12)
    'whole'
    """
    text = printed[-tail_bytes:].decode(errors="replace")
    if len(printed) >= tail_bytes and "\n" in text:
        text = text.partition("\n")[2]
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))  # a bar that draws over itself
    return _CONTROLS.sub("", _ESCAPES.sub("", "\n".join(lines)))

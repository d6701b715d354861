"""Writing the journal: one line a change, in the change's own transaction."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from jiaozi.journal.models import JournalLine
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id


def write(*lines: Line) -> None:
    """Append lines; the caller's transaction must be open, so that the change and its line stand or fall together.

    Raises
    ------
    RuntimeError
        When no transaction is open: a line without its change would be a lie.
    """
    write_many(lines)


def write_many(lines: Iterable[Line]) -> None:
    """Append any number of lines in one statement a thousand."""
    if not connection.in_atomic_block:
        raise RuntimeError("a journal line needs the transaction of the change that it tells of")
    JournalLine.objects.bulk_create(
        [
            JournalLine(
                id=new_id(),
                stage=line.stage,
                verb=line.verb,
                subject=line.subject,
                before=line.before,
                after=line.after,
                by=line.by,
                at=line.at,
                body=dict(line.body),
                digest=line.digest(),
            )
            for line in lines
        ],
        batch_size=1000,
    )

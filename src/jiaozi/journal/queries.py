"""Reading the journal: what happened to one thing, or to everything, by pages in the order of writing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from jiaozi.journal.models import JournalLine
from jiaozi.journal.rules import Line

LINES_MAX = 500


def lines(
    *,
    subject: UUID | None = None,
    stage: str = "",
    by: str = "",
    since: datetime | None = None,
    after: UUID | None = None,
    within: Q | None = None,
    limit: int = 100,
) -> list[JournalLine]:
    """Give the latest lines, of one subject, stage or actor where asked, from after an id, in one statement.

    ``within`` narrows them further, by what a higher room knows of their subjects.
    """
    rows = JournalLine.objects.filter(within or Q()).order_by("-id")
    for name, wanted in (("subject", subject), ("stage", stage), ("by", by), ("at__gte", since), ("id__lt", after)):
        if wanted:
            rows = rows.filter(**{name: wanted})
    return list(rows[: max(1, min(limit, LINES_MAX))])


def intact(row: JournalLine) -> bool:
    """Say whether a line's digest is that of its content."""
    said = Line(row.stage, row.verb, row.subject, row.before, row.after, row.by, row.at, row.body)
    return said.digest() == bytes(row.digest)

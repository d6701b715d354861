"""The journal and the audit: who did what to which thing, and whether every book balances."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads
from jiaozi.api.page import Cursor, Limit, Page, at_id, page
from jiaozi.api.shape import Instant, Json, Shape, Wish, Words
from jiaozi.journal.models import JournalLine
from jiaozi.ledger.queries import Finding
from jiaozi.party.rules import check_oversees
from jiaozi.settlement import queries as settlement
from jiaozi.transparency import queries as transparency

router = Router(tags=["journal"])


class LineShape(Shape):
    """One decision or change of state; it names ids, amounts and digests, never personal facts."""

    id: UUID
    stage: str
    verb: str
    subject: UUID
    before: str
    after: str
    by: str
    at: datetime
    body: Json
    digest: str = Field(description="SHA-256 of the line's canonical form, in hexadecimal")


class LineFilter(Wish):
    """Which lines."""

    subject: UUID | None = None
    stage: Annotated[str, Field(max_length=20)] = ""
    by: Annotated[str, Field(max_length=80)] = ""
    since: Instant | None = None
    limit: Limit = 50
    cursor: Cursor = ""


class CheckedShape(Shape):
    """One invariant, over how many rows it was checked, and whether it holds."""

    room: str
    label: Words
    rows: int
    holds: bool


class FindingShape(Shape):
    """A broken invariant: which; where and what was found is empty for a membership that names a programme."""

    invariant: str
    where: str
    found: str


class AuditShape(Shape):
    """What was checked over all rows, and what is broken."""

    holds: bool
    checked: list[CheckedShape]
    findings: list[FindingShape]
    ruled: list[FindingShape] = Field(description="would be findings, had nobody closed them with a recorded reason")


def _shown(row: JournalLine) -> LineShape:
    return LineShape.model_construct(
        id=row.id,
        stage=row.stage,
        verb=row.verb,
        subject=row.subject,
        before=row.before,
        after=row.after,
        by=row.by,
        at=row.at,
        body=row.body,
        digest=bytes(row.digest).hex(),
    )


def _finding(found: Finding, *, whole: bool) -> FindingShape:
    """Show what is broken; where, and by how much, is told to those only who oversee the whole house."""
    if whole:
        return FindingShape.model_validate(found)
    return FindingShape(invariant=found.invariant, where="", found="")


@reads(router, "/journal", Page[LineShape])
def list_journal_lines(request: Asked, asked: Query[LineFilter]) -> Page[LineShape]:
    """What happened, the latest first: to one thing, in one stage, by one actor; for those who oversee a programme.

    A membership that names a programme reads the lines about it, and about what belongs to none.
    """
    check_oversees(request.auth, request.auth.programme)
    rows = settlement.lines_for(
        request.auth.programme,
        subject=asked.subject,
        stage=asked.stage,
        by=asked.by,
        since=asked.since,
        after=at_id(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, _shown, lambda row: (row.id,))


@reads(router, "/audit", AuditShape)
def audit_books(request: Asked) -> AuditShape:
    """Check every invariant of every book over all rows, now; takes seconds on a large house."""
    check_oversees(request.auth, request.auth.programme)
    found = transparency.audit_all()
    return AuditShape(
        holds=found.holds,
        checked=[
            CheckedShape(
                room=each.invariant.room,
                label=Words.model_validate(each.invariant.label),
                rows=each.rows,
                holds=each.holds,
            )
            for each in found.checked
        ],
        findings=[_finding(each, whole=not request.auth.programme) for each in found.findings],
        ruled=[_finding(each, whole=not request.auth.programme) for each in found.ruled],
    )

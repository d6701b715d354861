"""Making past decisions again: each on the version that it was made under, whatever versions came later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiaozi.application.models import KeptDecision
from jiaozi.kernel.canonical import digest
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Decision, differences, replay

ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past decision made again: ``wrong`` names where the two differ, empty where they are equal."""

    id: UUID
    application: UUID
    programme: str
    version: str
    step: str
    at: datetime
    wrong: tuple[str, ...]


def replayed(*, programme: str = "", application: UUID | None = None) -> Iterator[Replayed]:
    """Make decisions again, oldest first, one by one: all, a programme's, or those on one dossier."""
    rows = KeptDecision.objects.select_related("application", "version").order_by("id")
    if programme:
        rows = rows.filter(application__programme=programme)
    if application is not None:
        rows = rows.filter(application_id=application)
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield Replayed(
            id=row.id,
            application=row.application_id,
            programme=row.application.programme,
            version=row.version.digest,
            step=row.step,
            at=row.at,
            wrong=_wrong(row),
        )


def _wrong(row: KeptDecision) -> tuple[str, ...]:
    if digest(row.decision).hex() != row.digest:
        return ("digest",)
    stored = Decision.from_json(row.decision)
    return differences(stored, replay(policy.document(row.version_id), stored))

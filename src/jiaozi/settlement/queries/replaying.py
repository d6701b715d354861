"""Making every decision that gave an amount again: those of dossiers, and those of redemptions on what was paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from jiaozi.application import queries as applications
from jiaozi.application.queries import Replayed
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.canonical import digest
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Decision, differences, replay
from jiaozi.settlement.models import Redemption

ROWS_AT_ONCE = 200
STEP = "redeem"


def replayed(*, programme: str = "", application: UUID | None = None) -> Iterator[Replayed]:
    """Make decisions again, each on its own version: those on dossiers, then those at redemption, oldest first.

    A redemption's says ``bounds`` where its amount is not the least of what it was bound by, and ``digest`` where the
    row is no longer what the journal wrote down when it was accepted.
    """
    yield from applications.replayed(programme=programme, application=application)
    rows = Redemption.objects.filter(decided_at__isnull=False, accepted_fen__isnull=False)
    rows = rows.select_related("voucher__version").order_by("id")
    if programme:
        rows = rows.filter(programme=programme)
    if application is not None:
        rows = rows.filter(voucher__application_id=application)
    chunk: list[Redemption] = []
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        chunk.append(row)
        if len(chunk) == ROWS_AT_ONCE:
            yield from _made_again(chunk)
            chunk = []
    yield from _made_again(chunk)


def _made_again(rows: Sequence[Redemption]) -> Iterator[Replayed]:
    lines = JournalLine.objects.filter(
        stage="settlement", verb="accept_redemption", subject__in=[row.id for row in rows]
    )
    told = dict(lines.values_list("subject", "body"))
    for row in rows:
        if row.decided_at is None:
            continue
        yield Replayed(
            id=row.id,
            application=row.voucher.application_id,
            programme=row.programme,
            version=row.voucher.version.digest,
            step=STEP,
            at=row.decided_at,
            wrong=_wrong(row, told.get(row.id, {})),
        )


def _wrong(row: Redemption, told: Mapping[str, Any]) -> tuple[str, ...]:
    kept = {"bounds": digest(row.bounds).hex(), "decision": digest(row.decision).hex(), "amount_fen": row.amount_fen}
    if any(told.get(name, now) != now for name, now in kept.items()):  # an older line has no sum of the decision
        return ("digest",)
    wrong = () if row.amount_fen == min(bound["fen"] for bound in row.bounds) else ("bounds",)
    if row.decision is None:  # the clause's amount follows from no money: its bounds are all there is
        return wrong
    stored = Decision.from_json(row.decision)
    return (*differences(stored, replay(policy.document(row.voucher.version_id), stored)), *wrong)

"""A centre's person confirms a statement's lines, or objects to one: each is a claim, kept with who and when."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.lifecycle import advance
from jiaozi.party.rules import Actor, check_own_centre
from jiaozi.settlement import queries
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries import confirming as reads
from jiaozi.settlement.queries.reading import run
from jiaozi.settlement.rules import TRANSITIONS, State
from jiaozi.settlement.rules.confirming import ClaimKind, check_objection
from jiaozi.settlement.services.step import take


@transaction.atomic
def confirm(*, statement_id: UUID, by: Actor, now: datetime) -> Statement:
    """Claim every line as it was metered that has no other figure of the centre's; what differs stays so.

    A line that the centre's own books don't name is confirmed by it. The same again changes nothing.

    Raises
    ------
    UnableToStep, UnableToActForCentre
        When it isn't the centre's own statement, or not closed and still to be matched.
    """
    row = _claimable(statement_id, by)
    if row.claim_kind == ClaimKind.CONFIRMED and not reads.confirmation(row.id).none:
        return row
    run("confirm.sql", statement=row.id, number=row.claim_number + 1)
    return _claimed(row, ClaimKind.CONFIRMED, by, now)


@transaction.atomic
def object_to(
    *, statement_id: UUID, capture_id: UUID, amount_fen: int, reason: str, by: Actor, now: datetime
) -> Statement:
    """Claim another amount for one line, with the reason: the statement can't be matched while it stands.

    Raises
    ------
    UnableToClaim
        When the statement has no such line, or the amount or the reason is wrong.
    UnableToStep, UnableToActForCentre
        As ``confirm``.
    """
    row = _claimable(statement_id, by)
    metered_fen = reads.line_of(row.id, capture_id).amount_fen
    kept = check_objection(metered_fen, amount_fen, reason)
    return _said(row, (capture_id, amount_fen, kept), by, now)


@transaction.atomic
def confirm_line(*, statement_id: UUID, capture_id: UUID, by: Actor, now: datetime) -> Statement:
    """Claim one line as it was metered, and withdraw what was objected to it.

    Raises
    ------
    UnableToClaim, UnableToStep, UnableToActForCentre
        As ``object_to``.
    """
    row = _claimable(statement_id, by)
    return _said(row, (capture_id, reads.line_of(row.id, capture_id).amount_fen, ""), by, now)


def _claimable(statement_id: UUID, by: Actor) -> Statement:
    row = queries.statement(statement_id, lock=True)
    check_own_centre(by, row.centre_id)
    advance(TRANSITIONS, State(row.state), "claim", by.role)
    return row


def _said(row: Statement, said: tuple[UUID, int, str], by: Actor, now: datetime) -> Statement:
    capture, amount_fen, reason = said
    words = {"capture": capture, "amount": amount_fen, "reason": reason}
    run("say_of_line.sql", statement=row.id, number=row.claim_number + 1, **words)
    # one line of a claim from the centre's own books leaves it one of them
    return _claimed(row, ClaimKind(row.claim_kind or ClaimKind.CONFIRMED), by, now)


def _claimed(row: Statement, kind: ClaimKind, by: Actor, now: datetime) -> Statement:
    """Bring the claim that was just written to its lines, and say whose it is."""
    row.claim_number += 1
    run("claimed.sql", statement=row.id, number=row.claim_number)
    lines, objections = reads.claimed(row.id, row.claim_number)
    row.claim_total_fen = sum(lines.values())
    row.claim_kind, row.claimed_at, row.claimed_by = kind, now, by.name
    body = {
        "amount_fen": row.claim_total_fen,
        "claim": digest(lines).hex(),
        "kind": row.claim_kind,
        "number": row.claim_number,
        "objections": digest(objections).hex() if objections else None,
    }
    changed = ("claim_number", "claim_total_fen", "claim_kind", "claimed_at", "claimed_by")
    take(row, "claim", by=by, now=now, body=body, changed=changed)
    return row

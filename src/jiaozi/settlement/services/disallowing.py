"""Disallowing: what was paid for a capture and should not have been is owed to the reserve, by the centre."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.settlement import queries
from jiaozi.settlement.models import Disallowance, Statement
from jiaozi.settlement.queries import fund as reads
from jiaozi.settlement.rules import Split, books, life, position, split_disallowed
from jiaozi.settlement.services.step import one_at_a_time


def disallow(
    *, statement_id: UUID, capture_id: UUID, amount_fen: int, reason: str, reference: str, by: Actor, now: datetime
) -> Disallowance:
    """Take back what was paid for a capture; the centre owes it to the reserve from now on. Once by its reference.

    What the treasury has replaced already becomes due to it; what it has not is no longer to be replaced.

    Raises
    ------
    UnableToMoveFunds
        When the statement is not paid, or the line has less left.
    """
    position.check_disallower(by.role)
    position.check_amount(amount_fen)
    reference = life.check_words(reference, "reference")
    reason = life.check_words(reason, "reason", life.REASON_MAX)
    with transaction.atomic():
        check_own_programme(by, queries.statement(statement_id).programme)
        one_at_a_time("fund", queries.statement(statement_id).programme)
        statement = queries.statement(statement_id)
        found = reads.disallowed_under(statement.programme, reference)
        if found is not None:
            if (found.statement_id, found.capture_id, found.amount_fen) != (statement_id, capture_id, amount_fen):
                raise life.reference_used(reference)
            return found
        position.check_disallowed(amount_fen, statement.state, reads.left_on_line_fen(statement_id, capture_id))
        split = _split(statement, amount_fen)
        row = Disallowance.objects.create(
            id=new_id(),
            programme=statement.programme,
            statement=statement,
            capture_id=capture_id,
            amount_fen=amount_fen,
            from_unreplenished_fen=split.from_unreplenished_fen,
            due_fen=split.due_fen,
            reference=reference,
            reason=reason,
            by=by.name,
            at=now,
        )
        _post(row, split)
    return row


def _split(statement: Statement, amount_fen: int) -> Split:
    """Ask how much of a payment the treasury has replaced already: the oldest payments first."""
    net_fen, earlier_fen = reads.net_paid(statement)
    replenished_fen = reads.replenished_fen(statement.programme)
    return split_disallowed(amount_fen, net_fen=net_fen, earlier_fen=earlier_fen, replenished_fen=replenished_fen)


def _post(row: Disallowance, split: Split) -> None:
    """Write the journal's line and the books'."""
    body = {"amount_fen": row.amount_fen, "due_fen": row.due_fen, "reason": digest(row.reason).hex()}
    body |= {"capture": str(row.capture_id), "statement": str(row.statement_id)}
    journal.write(Line("settlement", "disallow", row.id, "", "", row.by, row.at, body))
    ledger.open_accounts(books.accounts(row.programme))
    ledger.require(books.disallow_lines(disallowance_id=row.id, programme=row.programme, split=split), at=row.at)

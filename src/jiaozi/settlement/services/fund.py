"""The reserve fund's own money: prefund, replenish, disallow, recover, remit, and the year's end.

Every verb is once by its reference: the bank's or the treasury's own number. Verbs of one programme queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import queries as ledger_reads
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import Actor
from jiaozi.settlement import queries
from jiaozi.settlement.models import Disallowance, FundMovement
from jiaozi.settlement.queries import fund as reads
from jiaozi.settlement.rules import FundKind, books, life, position, split_disallowed
from jiaozi.settlement.services.step import one_at_a_time
from jiaozi.voucher.rules import available_account


@dataclass(frozen=True, slots=True)
class YearClosed:
    """What closing a year did, in fen; ``outstanding`` says why the reserve stays where it is, empty when it went."""

    lapsed_fen: int
    returned_fen: int
    outstanding: tuple[Reason, ...]


def prefund_reserve(*, programme: str, amount_fen: int, reference: str, by: Actor, now: datetime) -> FundMovement:
    """Record the treasury's advance to the reserve."""
    return _move(FundKind.PREFUND, programme=programme, amount_fen=amount_fen, reference=reference, by=by, now=now)


def replenish(*, programme: str, amount_fen: int, reference: str, by: Actor, now: datetime) -> FundMovement:
    """Record what the treasury replaced of payments; the oldest are replaced first.

    Raises
    ------
    UnableToMoveFunds
        When it is more than what was paid and not replaced.
    """
    return _move(FundKind.REPLENISH, programme=programme, amount_fen=amount_fen, reference=reference, by=by, now=now)


def remit(*, programme: str, amount_fen: int, reference: str, by: Actor, now: datetime) -> FundMovement:
    """Record what went back to the treasury of disallowed payments that it had replaced.

    Raises
    ------
    UnableToMoveFunds
        When it is more than what is due, or than the reserve has.
    """
    return _move(FundKind.REMIT, programme=programme, amount_fen=amount_fen, reference=reference, by=by, now=now)


def recover(*, disallowance_id: UUID, amount_fen: int, reference: str, by: Actor, now: datetime) -> FundMovement:
    """Record what a centre paid back of a disallowed amount.

    Raises
    ------
    UnableToMoveFunds
        When it is more than what is still owed.
    """
    owed = reads.disallowance(disallowance_id)
    return _move(
        FundKind.RECOVER,
        programme=owed.programme,
        amount_fen=amount_fen,
        reference=reference,
        by=by,
        now=now,
        owed=owed,
    )


def _move(
    kind: FundKind,
    *,
    programme: str,
    amount_fen: int,
    reference: str,
    by: Actor,
    now: datetime,
    owed: Disallowance | None = None,
) -> FundMovement:
    position.check_finance(by.role)
    position.check_amount(amount_fen)
    reference = life.check_words(reference, "reference")
    with transaction.atomic():
        one_at_a_time("fund", programme)
        found = reads.movement(programme, kind, reference)
        if found is not None:
            if (found.amount_fen, found.disallowance) != (amount_fen, owed):
                raise life.reference_used(reference)
            return found
        position.check_move(kind, amount_fen, queries.reserve_position(programme), reads.owed_fen(owed) if owed else 0)
        return _record(kind, programme, amount_fen, reference, by, now, owed)


def _record(  # noqa: PLR0917 - the parts of one row
    kind: FundKind,
    programme: str,
    amount_fen: int,
    reference: str,
    by: Actor,
    now: datetime,
    owed: Disallowance | None = None,
) -> FundMovement:
    row = FundMovement.objects.create(
        id=new_id(),
        programme=programme,
        kind=kind,
        amount_fen=amount_fen,
        reference=reference,
        disallowance=owed,
        by=by.name,
        at=now,
    )
    body = {"amount_fen": amount_fen, "programme": programme, "reference": reference}
    body |= {"disallowance": str(owed.id)} if owed else {}
    journal.write(Line("settlement", kind.lower(), row.id, "", "", by.name, now, body))
    ledger.open_accounts(books.accounts(programme))
    ledger.require(books.fund_lines(kind, movement_id=row.id, programme=programme, amount_fen=amount_fen), at=now)
    return row


def disallow(
    *, statement_id: UUID, capture_id: UUID, amount_fen: int, reason: str, reference: str, by: Actor, now: datetime
) -> Disallowance:
    """Take back what was paid for a capture; the centre owes it to the reserve from now on.

    What the treasury has replaced already becomes due to it; what it has not is no longer to be replaced.

    Raises
    ------
    UnableToMoveFunds
        When the statement is not paid, or the line has less left.
    """
    position.check_amount(amount_fen)
    position.check_disallower(by.role)
    reference = life.check_words(reference, "reference")
    reason = life.check_words(reason, "reason", life.REASON_MAX)
    with transaction.atomic():
        statement = queries.statement(statement_id)
        one_at_a_time("fund", statement.programme)
        found = reads.disallowed_under(statement.programme, reference)
        if found is not None:
            if (found.statement_id, found.capture_id, found.amount_fen) != (statement_id, capture_id, amount_fen):
                raise life.reference_used(reference)
            return found
        statement = queries.statement(statement_id)
        position.check_disallowed(amount_fen, statement.state, reads.left_on_line_fen(statement_id, capture_id))
        net_fen, earlier_fen = reads.net_paid(statement)
        split = split_disallowed(
            amount_fen,
            net_fen=net_fen,
            earlier_fen=earlier_fen,
            replenished_fen=reads.replenished_fen(statement.programme),
        )
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
        body = {
            "amount_fen": amount_fen,
            "capture": str(capture_id),
            "due_fen": split.due_fen,
            "reason": digest(reason).hex(),
            "statement": str(statement_id),
        }
        journal.write(Line("settlement", "disallow", row.id, "", "", by.name, now, body))
        ledger.open_accounts(books.accounts(row.programme))
        ledger.require(books.disallow_lines(disallowance_id=row.id, programme=row.programme, split=split), at=now)
    return row


def close_year(*, programme: str, year: int, by: Actor, now: datetime) -> YearClosed:
    """Close a year that is over: the unissued budget lapses, the reserve goes back when nothing is outstanding.

    May be called again: what is done stays done, and a reserve that had to wait goes back then.

    Raises
    ------
    UnableToMoveFunds
        When the year is not over, or the actor is not finance.
    """
    position.check_finance(by.role)
    position.check_year_over(date(year + 1, 1, 1), local_date(now))
    with transaction.atomic():
        one_at_a_time("fund", programme)
        unissued_fen = ledger_reads.balance(available_account(programme, year)).spendable
        now_at = queries.reserve_position(programme)
        reasons = position.outstanding(now_at, reads.unpaid_fen(programme), reads.unfinished(programme))
        returned_fen = 0 if reasons else now_at.advance_fen
        if unissued_fen:
            body = {"amount_fen": unissued_fen, "programme": programme, "year": year}
            id_ = books.year_id(programme, year)
            journal.write(Line("settlement", "close_year", id_, "", "", by.name, now, body))
        if returned_fen:
            _record(FundKind.RETURN, programme, returned_fen, f"year/{year}", by, now)
        lines = books.lapse_lines(programme=programme, year=year, unissued_fen=unissued_fen)
        if lines:
            ledger.open_accounts(books.accounts(programme))
            ledger.require(lines, at=now)
    return YearClosed(unissued_fen, returned_fen, reasons)

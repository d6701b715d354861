"""The reserve fund's own money: prefund, replenish, recover, remit.

Every verb is once by its reference: the bank's or the treasury's own number. Verbs of one programme queue.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.settlement import queries
from jiaozi.settlement.models import Disallowance, FundMovement
from jiaozi.settlement.queries import fund as reads
from jiaozi.settlement.queries import year as year_reads
from jiaozi.settlement.rules import FundKind, books, life, position
from jiaozi.settlement.rules import year as year_rules
from jiaozi.settlement.services.step import one_at_a_time


def prefund_reserve(
    *, programme: str, amount_fen: int, reference: str, by: Actor, now: datetime, year: int | None = None
) -> FundMovement:
    """Record the treasury's advance to the reserve, for a year: this one, where none is named.

    Raises
    ------
    UnableToMoveFunds
        When that year was closed.
    """
    if year is not None:
        year_rules.check_year(year)
    return _move(
        FundKind.PREFUND, programme=programme, amount_fen=amount_fen, reference=reference, by=by, now=now, year=year
    )


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
    year: int | None = None,
) -> FundMovement:
    position.check_finance(by.role)
    check_own_programme(by, programme)
    position.check_amount(amount_fen)
    reference = life.check_words(reference, "reference")
    with transaction.atomic():
        queries.require_programme(programme)
        one_at_a_time("fund", programme)
        found = reads.movement(programme, kind, reference)
        if found is not None:
            if (found.amount_fen, found.disallowance) != (amount_fen, owed) or year not in {None, found.year}:
                raise life.reference_used(reference)
            return found
        if owed is not None:
            position.check_apart(owed.by, by)
        position.check_move(kind, amount_fen, queries.reserve_position(programme), reads.owed_fen(owed) if owed else 0)
        if kind is FundKind.PREFUND:
            year = local_date(now).year if year is None else year
            year_rules.check_year_open(year, closed=year_reads.closed_year(programme, year) is not None)
        return record(kind, programme, amount_fen, reference, by, now, owed=owed, year=year)


def record(  # noqa: PLR0917 - the parts of one row
    kind: FundKind,
    programme: str,
    amount_fen: int,
    reference: str,
    by: Actor,
    now: datetime,
    *,
    owed: Disallowance | None = None,
    year: int | None = None,
) -> FundMovement:
    """Write one movement that was checked: its row, its line in the journal, its chain in the books."""
    row = FundMovement.objects.create(
        id=new_id(),
        programme=programme,
        kind=kind,
        amount_fen=amount_fen,
        reference=reference,
        disallowance=owed,
        year=year,
        by=by.name,
        at=now,
    )
    body: dict[str, str | int] = {"amount_fen": amount_fen, "programme": programme, "reference": reference}
    body |= {"disallowance": str(owed.id)} if owed else {}
    body |= {"year": year} if year is not None else {}
    journal.write(Line("settlement", kind.lower(), row.id, "", "", by.name, now, body))
    ledger.open_accounts(books.accounts(programme))
    ledger.require(books.fund_lines(kind, movement_id=row.id, programme=programme, amount_fen=amount_fen), at=now)
    return row

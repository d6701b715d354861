"""The year's end: what was not issued of the budget lapses, and the year's advance goes back to the treasury."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.period import local_date
from jiaozi.ledger import queries as ledger_reads
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.settlement import queries
from jiaozi.settlement.models import ClosedYear
from jiaozi.settlement.queries import year as reads
from jiaozi.settlement.rules import FundKind, books, position
from jiaozi.settlement.rules import year as rules
from jiaozi.settlement.rules.year import YearClosed
from jiaozi.settlement.services.fund import record
from jiaozi.settlement.services.step import one_at_a_time
from jiaozi.voucher.rules import available_account


def close_year(*, programme: str, year: int, by: Actor, now: datetime) -> YearClosed:
    """Close a year that is over: the unissued budget lapses, the year's advance goes back when nothing is outstanding.

    A year is closed once. The same again says so and posts nothing, but for an advance that had to wait: it goes back
    then.

    Raises
    ------
    UnableToMoveFunds
        When the year is not over, or the actor is not finance.
    """
    position.check_finance(by.role)
    check_own_programme(by, programme)
    rules.check_year(year)
    rules.check_year_over(year, local_date(now))
    with transaction.atomic():
        queries.require_programme(programme)
        one_at_a_time("fund", programme)
        already = reads.closed_year(programme, year) is not None
        end = reads.year_end(programme, year)
        reasons = rules.outstanding(end)
        returned_fen = 0 if reasons else end.advanced_fen
        lapsed_fen = 0 if already else _close(programme, year, by, now)
        if returned_fen:
            record(FundKind.RETURN, programme, returned_fen, f"year/{year}", by, now, year=year)
        lines = books.lapse_lines(programme=programme, year=year, unissued_fen=lapsed_fen)
        if lines:
            ledger.open_accounts(books.accounts(programme))
            ledger.require(lines, at=now)
    return YearClosed(lapsed_fen, returned_fen, reasons, already)


def _close(programme: str, year: int, by: Actor, now: datetime) -> int:
    """Write that a year is closed; gives what of its budget was not issued."""
    unissued_fen = ledger_reads.balance(available_account(programme, year)).spendable
    id_ = books.year_id(programme, year)
    ClosedYear.objects.create(id=id_, programme=programme, year=year, lapsed_fen=unissued_fen, by=by.name, at=now)
    body = {"amount_fen": unissued_fen, "programme": programme, "year": year}
    journal.write(Line("settlement", "close_year", id_, "", "", by.name, now, body))
    return unissued_fen

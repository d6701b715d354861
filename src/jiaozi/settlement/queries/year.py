"""Reading what a year's end needs: was it closed, what was advanced for it, what of it is not paid."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, Sum

from jiaozi.kernel.period import start_of_day
from jiaozi.settlement.models import ClosedYear, FundMovement
from jiaozi.settlement.queries.fund import reserve_position, unfinished, unpaid_fen
from jiaozi.settlement.queries.reading import run
from jiaozi.settlement.rules import FundKind
from jiaozi.settlement.rules.year import YearEnd


def closed_year(programme: str, year: int) -> ClosedYear | None:
    """Give the record of a year's closing; None while it is open."""
    return ClosedYear.objects.filter(programme=programme, year=year).first()


def advanced_fen(programme: str, year: int) -> int:
    """Say what the treasury advanced for a year and has not got back."""
    rows = FundMovement.objects.filter(programme=programme, year=year)
    gone = Q(kind=FundKind.RETURN)
    sums = rows.aggregate(came=Sum("amount_fen", filter=~gone), went=Sum("amount_fen", filter=gone))
    return max(0, (sums["came"] or 0) - (sums["went"] or 0))  # a year once took more back than its own


def year_end(programme: str, year: int) -> YearEnd:
    """Give how a programme stands for the closing of a year."""
    end = date(year + 1, 1, 1)
    return YearEnd(
        position=reserve_position(programme),
        advanced_fen=advanced_fen(programme, year),
        year_unpaid_fen=run("year_unpaid.sql", programme=programme, end=start_of_day(end))[0][0],
        unpaid_fen=unpaid_fen(programme),
        unfinished=unfinished(programme, before=end),
    )

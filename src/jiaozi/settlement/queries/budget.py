"""The year's money for those who run it: by pool and clause, week by week, and when it runs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from jiaozi.kernel import period
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.policy import queries as policy
from jiaozi.policy.rules.pooled import Cap, caps_of
from jiaozi.settlement.queries import kept
from jiaozi.settlement.queries.glance import YearAtAGlance, year_at_a_glance
from jiaozi.settlement.queries.reading import run
from jiaozi.settlement.rules.forecast import DAYS_A_WEEK, WEEKS, Forecast, forecast, whole_weeks
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.rules import left_fen


@dataclass(frozen=True, slots=True)
class ClauseMoney:
    """What a clause's grants came to in a year: granted = with holders + held + used + ended."""

    clause: str
    grants: int
    granted_fen: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    ended_fen: int


@dataclass(frozen=True, slots=True)
class PoolMoney:
    """A cap with what is counted for it; ``left_fen`` None where it is nobody's one counter, or has no known limit."""

    cap: Cap
    counted_fen: int | None
    left_fen: int | None


@dataclass(frozen=True, slots=True)
class WeekMoney:
    """One week that ends on ``last``: granted in it, paid in it for the year's vouchers, what is left of the ceiling.

    ``left_fen`` is not granted by then, ``unpaid_fen`` not paid.
    """

    last: date
    granted_fen: int
    paid_fen: int
    left_fen: int
    unpaid_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    """A year's money.

    Attributes
    ----------
    ceiling_fen
        The year's cap, or the budget where no cap is known.
    left_fen
        What may still be granted: the lesser of what the ceiling and the approved budget leave.
    ceiling, reserve
        When they run out by the stated rule; None for a year that is over, and with too few weeks to go by. The
        reserve's is counted down to the balance at which it is topped up, or to nothing where that is not known.
    """

    year: YearAtAGlance
    ceiling_fen: int
    left_fen: int
    clauses: tuple[ClauseMoney, ...]
    pools: tuple[PoolMoney, ...]
    weeks: tuple[WeekMoney, ...]
    ceiling: Forecast | None
    reserve: Forecast | None


def budget(programme: str, year: int, *, now: datetime) -> BudgetView:
    """Give a year's money; nine statements."""
    today, whole, since = local_date(now), period.year(year), kept.since()
    figures = year_at_a_glance(programme, year, since=since)
    last = min(today, whole.last)
    # where no cap is known the budget bounds it, with what came back to it
    ceiling_fen = figures.budget_fen + figures.returned_fen if figures.cap_fen is None else figures.cap_fen
    left_fen = min(max(0, ceiling_fen - figures.issued_fen), figures.unissued_fen)
    counted = _weeks(programme, whole.first, last, since)
    running = last == today and today >= whole.first
    known = min(WEEKS, whole_weeks(_begun(programme, whole.first), today)) if running else 0
    granted, paid = ([counted.get(week, (0, 0, 0, 0))[place] for week in reversed(range(known))] for place in (0, 1))
    reserve_fen = max(0, figures.reserve.reserve_fen - (figures.trigger_fen or 0))
    return BudgetView(
        year=figures,
        ceiling_fen=ceiling_fen,
        left_fen=left_fen,
        clauses=_clauses(programme, whole, since),
        pools=_pools(programme, last),
        weeks=_burned(counted, ceiling_fen, whole.first, last),
        ceiling=forecast(left_fen, granted, today, whole.end) if running else None,
        reserve=forecast(reserve_fen, paid, today, whole.end) if running else None,
    )


def _begun(programme: str, first: date) -> date:
    """Give the day from which a pace can be told: when the programme was first adopted, at most so many weeks ago."""
    adopted = policy.first_adopted(programme)
    return local_date(adopted) if adopted else first


def _weeks(programme: str, first: date, last: date, since: int) -> dict[int, tuple[int, int, int, int]]:
    end = last + timedelta(days=1)
    begin = min(first, end - timedelta(days=WEEKS * DAYS_A_WEEK))
    rows = run("weeks.sql", since=since, programme=programme, begin=begin, first=first, end=end, year=first.year)
    return {week: (granted, paid, in_year, paid_in_year) for week, granted, paid, in_year, paid_in_year in rows}


def _burned(
    counted: dict[int, tuple[int, int, int, int]], ceiling_fen: int, first: date, last: date
) -> tuple[WeekMoney, ...]:
    if last < first:
        return ()
    weeks, left_fen, unpaid_fen = [], ceiling_fen, ceiling_fen
    for week in reversed(range((last - first).days // DAYS_A_WEEK + 1)):
        _, _, granted, paid = counted.get(week, (0, 0, 0, 0))
        left_fen, unpaid_fen = left_fen - granted, unpaid_fen - paid
        weeks.append(WeekMoney(last - timedelta(days=week * DAYS_A_WEEK), granted, paid, left_fen, unpaid_fen))
    return tuple(weeks)


def _clauses(programme: str, whole: period.Period, since: int) -> tuple[ClauseMoney, ...]:
    first, end = start_of_day(whole.first), start_of_day(whole.end)
    words = {"programme": programme, "year": whole.first.year, "first": first, "end": end}
    return tuple(ClauseMoney(*row) for row in run("by_clause.sql", since=since, **words))


def _pools(programme: str, on: date) -> tuple[PoolMoney, ...]:
    try:
        version = policy.current(programme, on)
    except policy.UnableToFindProgramme:
        return ()
    caps: Sequence[Cap] = caps_of(policy.document(version.id), on, allow_demo=version.demo)
    uses = [cap.use for cap in caps if cap.use]
    standing = vouchers.standing(programme, uses) if uses else {}
    found = []
    for cap in caps:
        if cap.use is None:
            found.append(PoolMoney(cap, None, None))
            continue
        rest_fen = left_fen(cap.use, standing[cap.use.key])
        found.append(PoolMoney(cap, cap.use.limit_fen - rest_fen, rest_fen))
    return tuple(found)

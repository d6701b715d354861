"""The year's money for those who run it: by pool and clause, week by week, and when it runs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum

from jiaozi.kernel import period
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.policy import queries as policy
from jiaozi.policy.rules.pooled import Cap, caps_of
from jiaozi.settlement.models import AwardStage
from jiaozi.settlement.queries.glance import YearAtAGlance, sinks, year_at_a_glance
from jiaozi.settlement.queries.reading import run
from jiaozi.settlement.rules.award import StageState
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
    figures, today, whole = year_at_a_glance(programme, year), local_date(now), period.year(year)
    last = min(today, whole.last)
    # where no cap is known the budget bounds it, with what came back to it
    ceiling_fen = figures.budget_fen + figures.returned_fen if figures.cap_fen is None else figures.cap_fen
    left_fen = min(max(0, ceiling_fen - figures.issued_fen), figures.unissued_fen)
    counted = _weeks(programme, whole.first, last)
    running = last == today and today >= whole.first
    known = min(WEEKS, whole_weeks(_begun(programme, whole.first), today)) if running else 0
    granted, paid = ([counted.get(week, (0, 0, 0, 0))[place] for week in reversed(range(known))] for place in (0, 1))
    reserve_fen = max(0, figures.reserve.reserve_fen - (figures.trigger_fen or 0))
    return BudgetView(
        year=figures,
        ceiling_fen=ceiling_fen,
        left_fen=left_fen,
        clauses=(*_vouchers(programme, whole), *_awards(programme, whole)),
        pools=_pools(programme, last),
        weeks=_burned(counted, ceiling_fen, whole.first, last),
        ceiling=forecast(left_fen, granted, today, whole.end) if running else None,
        reserve=forecast(reserve_fen, paid, today, whole.end) if running else None,
    )


def _begun(programme: str, first: date) -> date:
    """Give the day from which a pace can be told: when the programme was first adopted, at most so many weeks ago."""
    adopted = policy.first_adopted(programme)
    return local_date(adopted) if adopted else first


def _weeks(programme: str, first: date, last: date) -> dict[int, tuple[int, int, int, int]]:
    end = last + timedelta(days=1)
    since = min(first, end - timedelta(days=WEEKS * DAYS_A_WEEK))
    rows = run(
        "weeks.sql",
        programme=programme,
        since=start_of_day(since),
        first=start_of_day(first),
        end=start_of_day(end),
    )
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


def _vouchers(programme: str, whole: period.Period) -> list[ClauseMoney]:
    rows = run(
        "by_clause.sql",
        programme=programme,
        first=start_of_day(whole.first),
        end=start_of_day(whole.end),
        sinks=[each.id for each in sinks(programme, whole.first.year)],
    )
    return [ClauseMoney(*row) for row in rows]


def _awards(programme: str, whole: period.Period) -> list[ClauseMoney]:
    rows = AwardStage.objects.filter(
        award__programme=programme,
        award__awarded_at__gte=start_of_day(whole.first),
        award__awarded_at__lt=start_of_day(whole.end),
    ).order_by()
    sums = rows.values("award__clause").annotate(
        grants=Count("award", distinct=True),
        fen=Sum("amount_fen"),
        paid=Sum("amount_fen", filter=Q(state=StageState.PAID), default=0),
        ended=Sum("amount_fen", filter=Q(state=StageState.WITHDRAWN), default=0),
    )
    return [
        ClauseMoney(
            each["award__clause"],
            each["grants"],
            each["fen"],
            0,
            each["fen"] - each["paid"] - each["ended"],
            each["paid"],
            each["ended"],
        )
        for each in sums.order_by("award__clause")
    ]


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

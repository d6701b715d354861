"""A year before it is closed: what lapses, what goes back, what keeps it from that, and whether the books add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.settlement.models import ClosedYear
from jiaozi.settlement.queries.glance import YearAtAGlance, year_at_a_glance
from jiaozi.settlement.queries.year import closed_year, year_end
from jiaozi.settlement.rules import year as rules
from jiaozi.settlement.rules.position import UnableToMoveFunds
from jiaozi.settlement.rules.year import YearEnd


@dataclass(frozen=True, slots=True)
class Check:
    """Two sums that must be equal, in fen."""

    label: Label
    left_fen: int
    right_fen: int

    @property
    def difference_fen(self) -> int:
        """What they differ by: always 0, or the year must not be closed."""
        return self.left_fen - self.right_fen


@dataclass(frozen=True, slots=True)
class YearAhead:
    """How a year stands for its closing; ``closed`` is its record where it was closed already.

    ``not_yet`` says why it can't be closed now, ``outstanding`` why its advance would stay.
    """

    figures: YearAtAGlance
    end: YearEnd
    closed: ClosedYear | None
    not_yet: Reason | None
    outstanding: tuple[Reason, ...]
    checks: tuple[Check, ...]

    @property
    def balanced(self) -> bool:
        """Whether every check comes to a difference of nothing."""
        return not any(check.difference_fen for check in self.checks)

    @property
    def lapses_fen(self) -> int:
        """What of the budget was not issued and lapses."""
        return self.closed.lapsed_fen if self.closed else self.figures.unissued_fen

    @property
    def returns_fen(self) -> int:
        """What goes back to the treasury at once."""
        return 0 if self.outstanding else self.end.advanced_fen


def year_ahead(programme: str, year: int, *, now: datetime) -> YearAhead:
    """Say what closing a year would do now; eight statements."""
    figures, end = year_at_a_glance(programme, year), year_end(programme, year)
    not_yet: Reason | None = None
    try:
        rules.check_year_over(year, local_date(now))
    except UnableToMoveFunds as refused:
        not_yet = refused.reason
    return YearAhead(figures, end, closed_year(programme, year), not_yet, rules.outstanding(end), _checks(figures))


def _checks(figures: YearAtAGlance) -> tuple[Check, ...]:
    reserve = figures.reserve
    gone = figures.issued_fen + figures.awarded_fen + figures.unissued_fen + figures.unissued_lapsed_fen
    parts = figures.spendable_fen + figures.held_fen + figures.used_fen + figures.ended_fen
    fund = reserve.reserve_fen + reserve.unreplenished_fen + reserve.receivable_fen - reserve.due_fen
    return (
        Check(
            Label(
                "预算＋收回＝已发放＋奖励＋未发放＋已失效",
                "budget + returned = granted + awards + not granted + lapsed",
            ),
            figures.budget_fen + figures.returned_fen,
            gone,
        ),
        Check(
            Label("已发放＝可用＋冻结＋已用＋失效", "granted = with holders + frozen + spent + ended"),
            figures.issued_fen,
            parts,
        ),
        Check(
            Label("备用金＋待补足＋待追回－应缴＝财政预拨", "reserve + unreplenished + receivable - due = advance"),
            fund,
            reserve.advance_fen,
        ),
    )

"""The year's end: a year's advance goes back whole and once, when what then stays in the reserve is enough.

The reserve is one fund, and every advance is made for a year. Closing a year returns that year's advance and no other,
as soon as the fund is whole, everything of the year itself is paid, and the rest covers what later months may cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.settlement.rules.position import DUE, UNREPLENISHED, ReservePosition, UnableToMoveFunds

_YEAR_MIN, _YEAR_MAX = 1900, 2999


@dataclass(frozen=True, slots=True)
class YearClosed:
    """What this closing of a year did, in fen; nothing where it was closed already.

    ``outstanding`` says why the year's advance stays where it is; it is empty when it went, now or before.
    """

    lapsed_fen: int
    returned_fen: int
    outstanding: tuple[Reason, ...]
    already_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEnd:
    """How a programme stands when a year is closed, in fen.

    Attributes
    ----------
    advanced_fen
        What the treasury advanced for this year and has not got back.
    year_unpaid_fen
        Captured up to the year's last day and not paid.
    unpaid_fen
        All that may still be paid, whichever year it is of: held, captured, claimed, earmarked.
    unfinished
        Statements of periods that began by the year's last day, closed and neither paid nor adjusted.
    """

    position: ReservePosition
    advanced_fen: int
    year_unpaid_fen: int = 0
    unpaid_fen: int = 0
    unfinished: int = 0


def outstanding(end: YearEnd) -> tuple[Reason, ...]:
    """Say what keeps a year's advance from going back to the treasury; nothing when it can, or when there is none."""
    if not end.advanced_fen:
        return ()
    figures = (
        ("UNREPLENISHED", end.position.unreplenished_fen, UNREPLENISHED),
        ("RECEIVABLE", end.position.receivable_fen, Label("待追回金额", "still to be recovered")),
        ("DUE_TO_TREASURY", end.position.due_fen, DUE),
        ("UNPAID", end.year_unpaid_fen, Label("本年度已核销而未支付", "captured in the year and not paid")),
    )
    reasons = [
        Reason(code, Label(f"{what.zh}：{yuan(fen)}元", f"{what.en}: {yuan(fen)} yuan"), field="reserve")
        for code, fen, what in figures
        if fen
    ]
    if end.unfinished:
        label = Label(f"{end.unfinished}张结算单未办结", f"{end.unfinished} statements not finished")
        reasons.append(Reason("STATEMENTS_UNFINISHED", label, field="statements"))
    later_fen = end.unpaid_fen - end.year_unpaid_fen
    stays_fen = max(0, end.position.reserve_fen - end.advanced_fen)
    if later_fen > stays_fen:
        label = Label(
            f"其余待支付{yuan(later_fen)}元，多于缴回后结余{yuan(stays_fen)}元",
            f"else to be paid: {yuan(later_fen)}, more than the {yuan(stays_fen)} yuan that would stay",
        )
        reasons.append(Reason("NOT_COVERED", label, field="reserve"))
    return tuple(reasons)


def check_year(year: int) -> None:
    """Let a year be one of the calendar.

    Raises
    ------
    UnableToMoveFunds
        Otherwise.
    """
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        raise UnableToMoveFunds("YEAR_WRONG", "年度须为四位数字，如2026", "name a year, such as 2026", field="year")


def check_year_over(year: int, today: date) -> None:
    """Let a year be closed from the first day of the next.

    Raises
    ------
    UnableToMoveFunds
        Before that.
    """
    end = date(year + 1, 1, 1)
    if today < end:
        raise UnableToMoveFunds(
            "YEAR_NOT_OVER", f"{end}起方可年终结账", f"the year can be closed from {end}", field="year"
        )


def check_year_open(year: int, *, closed: bool) -> None:
    """Let the treasury advance nothing for a year that was closed.

    Raises
    ------
    UnableToMoveFunds
        Otherwise.
    """
    if closed:
        raise UnableToMoveFunds(
            "YEAR_CLOSED",
            f"{year}年度已结账，请预拨到未结账的年度",
            f"the year {year} is closed; advance for one that is open",
            field="year",
        )

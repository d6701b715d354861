"""A programme's year at a glance, in at most four SQL statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jiaozi.kernel import period
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import Period
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Document, UnableToDecide, reserve_terms
from jiaozi.policy.rules.pools import most_fen, pools
from jiaozi.settlement.queries import kept
from jiaozi.settlement.queries.reading import run
from jiaozi.settlement.rules import ReservePosition
from jiaozi.settlement.rules.books import year_id
from jiaozi.voucher.rules import available_account, yearly_pools


@dataclass(frozen=True, slots=True, kw_only=True)
class YearAtAGlance:
    """The year's budget and what became of the vouchers that were issued from it, in fen.

    budget + returned = issued + awarded + unissued + lapsed unissued; issued = spendable + held + used + ended.

    Attributes
    ----------
    cap_fen
        The most that the year's pools may issue together; None where none is published and no demo value may stand in.
    used_fen, settled_fen
        Captured, and of that paid to the centres, or to the holders who redeemed.
    awarded_fen
        Earmarked for awards beside the vouchers, withdrawn ones too.
    ended_fen
        Lapsed, cancelled, revoked, or returned to the budget.
    returned_fen
        Of that, what expired and may be issued again, where the programme says so.
    trigger_fen
        Balance below which the reserve is topped up; None as for the cap.
    unpublished
        Parameters of the programme whose demo values stand in.
    """

    year: int
    cap_fen: int | None
    budget_fen: int
    issued_fen: int
    returned_fen: int
    unissued_fen: int
    unissued_lapsed_fen: int
    vouchers: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    settled_fen: int
    ended_fen: int
    awarded_fen: int
    reserve: ReservePosition
    reserve_size_fen: int | None
    trigger_fen: int | None
    unpublished: tuple[str, ...]
    demo: bool


@dataclass(frozen=True, slots=True)
class _Figures:
    cap_fen: int | None = None
    size_fen: int | None = None
    trigger_fen: int | None = None
    unpublished: tuple[str, ...] = ()
    demo: bool = False


def year_at_a_glance(programme: str, year: int, *, since: int | None = None) -> YearAtAGlance:
    """Give the figures of one year; a programme that nothing was done with yet has zeros.

    ``since`` is how far the kept totals reach, for who has asked already.
    """
    whole = period.year(year)
    figures = _figures(programme, whole)
    names = {"reserve": AccountKind.RESERVE, "unreplenished": AccountKind.UNREPLENISHED}
    names |= {"receivable": AccountKind.RECEIVABLE, "due": AccountKind.DUE_TO_TREASURY}
    names |= {"advance": AccountKind.TREASURY_ADVANCE, "spent": AccountKind.SPENT}
    (row,) = run(
        "glance.sql",
        programme=programme,
        year=year,
        since=kept.since() if since is None else since,
        available=available_account(programme, year).id,
        lapse=named_id("year.lapse", year_id(programme, year)),
        **{name: Account(kind, programme).id for name, kind in names.items()},
    )
    budget, returned, unissued, lapsed, vouchers, issued, spendable, held, used, ended, settled, awarded, *cash = row
    reserve, unreplenished, receivable, due, advance, spent = cash
    return YearAtAGlance(
        year=year,
        cap_fen=figures.cap_fen,
        budget_fen=budget,
        issued_fen=issued,
        returned_fen=returned,
        unissued_fen=unissued,
        unissued_lapsed_fen=lapsed,
        vouchers=vouchers,
        spendable_fen=spendable,
        held_fen=held,
        used_fen=used,
        settled_fen=settled,
        ended_fen=ended,
        awarded_fen=awarded,
        reserve=ReservePosition(
            reserve_fen=reserve,
            unreplenished_fen=unreplenished,
            receivable_fen=receivable,
            due_fen=due,
            advance_fen=advance,
            spent_fen=spent,
        ),
        reserve_size_fen=figures.size_fen,
        trigger_fen=figures.trigger_fen,
        unpublished=figures.unpublished,
        demo=figures.demo,
    )


def year_cap(programme: str, year: int) -> int | None:
    """Give what may be issued in a year, pools together, by the version in force at its end; None if unpublished."""
    last = period.year(year).last
    try:
        version = policy.current(programme, last)
    except policy.UnableToFindProgramme:
        return None
    return _cap(policy.document(version.id), last, version.demo)


def _figures(programme: str, whole: Period) -> _Figures:
    """Ask the version in force at the year's end; what is not published stays None."""
    try:
        version = policy.current(programme, whole.last)
    except policy.UnableToFindProgramme:
        return _Figures()
    document = policy.document(version.id)
    cap_fen = _cap(document, whole.last, version.demo)
    try:
        terms = reserve_terms(document, whole.last, allow_demo=version.demo)
    except UnableToDecide:
        return _Figures(cap_fen, demo=version.demo)
    return _Figures(cap_fen, terms.size_fen, terms.trigger_fen, terms.unpublished, version.demo)


def _cap(document: Document, on: date, demo: bool) -> int | None:
    found = yearly_pools(pools(document, on, allow_demo=demo), period.year(on.year))
    return most_fen(found) if found else None

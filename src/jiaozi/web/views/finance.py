"""Finance's desk: the payment run, the reserve fund's movements, the year's budget and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.party.rules import Actor, Role, check_oversees
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import FundMovement, Statement
from jiaozi.voucher import services as voucher
from jiaozi.web.export import ROWS_AT_ONCE, Column, as_file, every
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.stepped import Form, UnableToReadForm, fen_of, stepped, year_of
from jiaozi.web.years import year_asked, years_offered

ROWS = 50
_FINANCE = frozenset({Role.FINANCE})
_STEPS = frozenset({Role.FINANCE, Role.OFFICER, Role.OPERATOR})
_RUN: tuple[Column[Statement], ...] = (
    Column("编号 number", lambda row: row.number),
    Column("算力中心 centre", lambda row: row.centre.name_zh),
    Column("起 first", lambda row: row.first),
    Column("止 end", lambda row: row.end),
    Column("笔数 captures", lambda row: row.captures),
    Column("计量（元） metered", lambda row: row.total_fen, money=True),
    Column("申报（元） claimed", lambda row: row.claim_total_fen, money=True),
    Column("台账（元） ledger", lambda row: row.ledger_total_fen, money=True),
    Column("状态 state", lambda row: row.state),
)
_MOVED: tuple[Column[FundMovement], ...] = (
    Column("时间 at", lambda row: row.at),
    Column("事项 kind", lambda row: row.kind),
    Column("金额（元） amount", lambda row: row.amount_fen, money=True),
    Column("凭证号 reference", lambda row: row.reference),
    Column("年度 year", lambda row: row.year),
)


@page(Label("支付清单", "Payment run"), STAFF, parent="web:statements")
@require_safe
def payment_run(request: HttpRequest) -> HttpResponse:
    """Show every statement to be matched, approved or paid, with the lines that keep it from that; as a file too."""
    programme = settings.JIAOZI_PROGRAMME
    check_oversees(actor(request), programme)
    run = queries.payment_run(programme)
    if form := request.GET.get("form"):
        matching = tuple(each.statement for each in run.to_match)
        return as_file(form, "payment-run", _RUN, (*matching, *run.to_approve, *run.to_pay, *run.disputed))
    return render(request, "web/payment_run.html", {"run": run})


@page(Label("办理支付清单", "Step of the payment run"), _STEPS, parent="web:payment-run")
@require_POST
def run_step(request: HttpRequest, statement_id: UUID, verb: str) -> HttpResponse:
    """Match, approve or pay one statement from the run, and come back to it."""
    act = _STATEMENT.get(verb)
    if act is None:
        raise Http404(verb)
    by = actor(request)
    return stepped(request, lambda words: act(statement_id, words, by, clock.now()), reverse("web:payment-run"))


@page(Label("备用金", "Reserve fund"), STAFF, parent="web:statements")
@require_safe
def fund(request: HttpRequest) -> HttpResponse:
    """Show where the reserve stands, that it adds up, and what moved it; as a file too."""
    programme, now = settings.JIAOZI_PROGRAMME, clock.now()
    check_oversees(actor(request), programme)
    if form := request.GET.get("form"):
        rows = every(
            lambda after: queries.movements(programme, after=after, limit=ROWS_AT_ONCE), lambda row: (row.at, row.id)
        )
        return as_file(form, "reserve", _MOVED, rows)
    found = queries.movements(programme, after=place_of(request), limit=ROWS + 1)
    context = {
        **paged(request, found, ROWS, lambda row: (row.at, row.id)),
        "position": queries.reserve_position(programme),
        "years": (local_date(now).year, local_date(now).year + 1),
    }
    return render(request, "web/fund.html", context)


@page(Label("办理备用金", "Step of the fund"), _FINANCE, parent="web:fund")
@require_POST
def fund_step(request: HttpRequest, verb: str) -> HttpResponse:
    """Record one movement of the fund, or the year's budget; each is once by its reference."""
    act = _FUND.get(verb)
    if act is None:
        raise Http404(verb)
    by = actor(request)
    return stepped(request, lambda words: act(words, by, clock.now()), reverse("web:fund"))


@page(Label("年终结账", "Year end"), STAFF, parent="web:statements")
@require_safe
def year_end(request: HttpRequest) -> HttpResponse:
    """Show what closing a year does: what lapses, what goes back, what keeps it from that; that the books add up."""
    programme, now = settings.JIAOZI_PROGRAMME, clock.now()
    check_oversees(actor(request), programme)
    this = local_date(now).year
    asked = year_asked(request.GET, this, unnamed=this - 1)
    ahead = queries.year_ahead(programme, asked, now=now)
    context = {"ahead": ahead, "year": asked, "years": years_offered(this)}
    return render(request, "web/year_end.html", context)


@page(Label("结账", "Close the year"), _FINANCE, parent="web:year-end")
@require_POST
def close_year(request: HttpRequest) -> HttpResponse:
    """Close a year; the same again posts nothing but an advance that had to wait."""
    this, by = local_date(clock.now()).year, actor(request)
    year = year_asked(request.POST, this, unnamed=this - 1)

    def act(_words: Form) -> settlement.YearClosed:
        return settlement.close_year(programme=settings.JIAOZI_PROGRAMME, year=year, by=by, now=clock.now())

    return stepped(request, act, f"{reverse('web:year-end')}?year={year}", _closed)


def _closed(done: settlement.YearClosed) -> Label:
    lapsed, returned = yuan(done.lapsed_fen), yuan(done.returned_fen)
    return Label(
        f"已结账：未发放预算{lapsed}元失效，缴回财政{returned}元。",
        f"Closed: CNY {lapsed} of the budget lapsed, CNY {returned} went back to the treasury.",
    )


def _reference(words: Form) -> UUID:
    """Name a budget by its number on paper, so that the same number is the same approval."""
    number = words.get("reference", "").strip()
    if not number:
        raise UnableToReadForm("REFERENCE_MISSING", "请填写批准文号", "write the approval's number", field="reference")
    return named_id("budget.number", settings.JIAOZI_PROGRAMME, number)


_FundAct = Callable[[Form, Actor, datetime], Any]


def _moving(verb: Callable[..., Any]) -> _FundAct:
    def act(words: Form, by: Actor, now: datetime) -> Any:
        return verb(
            programme=settings.JIAOZI_PROGRAMME,
            amount_fen=fen_of(words),
            reference=words.get("reference", ""),
            by=by,
            now=now,
        )

    return act


def _prefund(words: Form, by: Actor, now: datetime) -> Any:
    return settlement.prefund_reserve(
        programme=settings.JIAOZI_PROGRAMME,
        amount_fen=fen_of(words),
        reference=words.get("reference", ""),
        year=year_of(words),
        by=by,
        now=now,
    )


def _budget(words: Form, by: Actor, now: datetime) -> Any:
    return voucher.approve_budget(
        programme=settings.JIAOZI_PROGRAMME,
        year=year_of(words),
        amount_fen=fen_of(words),
        reference=_reference(words),
        for_awards=words.get("for_awards") == "on",
        by=by,
        now=now,
    )


_FUND: dict[str, _FundAct] = {
    "prefund": _prefund,
    "replenish": _moving(settlement.replenish),
    "remit": _moving(settlement.remit),
    "budget": _budget,
}
_STATEMENT: dict[str, Callable[[UUID, Form, Actor, datetime], Any]] = {
    "match": lambda id_, _, by, now: settlement.match(statement_id=id_, by=by, now=now),
    "approve": lambda id_, _, by, now: settlement.approve(statement_id=id_, by=by, now=now),
    "pay": lambda id_, words, by, now: settlement.pay(
        statement_id=id_, bank_reference=words.get("words", ""), by=by, now=now
    ),
}

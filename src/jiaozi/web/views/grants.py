"""What holders are paid: redemptions with their invoices and bounds, awards with their stages."""

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

from jiaozi.application.queries import evidence as papers
from jiaozi.journal import queries as journal
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Role, check_may_see, check_oversees
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Award, Redemption
from jiaozi.settlement.rules.award import AWARD_TRANSITIONS, STAGE_TRANSITIONS, AwardState, StageState
from jiaozi.settlement.rules.redeem import REDEEM_TRANSITIONS, RedeemState
from jiaozi.web.export import ROWS_AT_ONCE, Column, as_file, every
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.programme import shown
from jiaozi.web.views.stepped import Form, fen_of, stepped

_WRITERS = frozenset({Role.OFFICER, Role.FINANCE})
ROWS, LINES = 50, 50


def _paid_fen(row: Award) -> int:
    return sum(stage.amount_fen for stage in row.stages.all() if stage.state == StageState.PAID)


_REDEMPTIONS: tuple[Column[Redemption], ...] = (
    Column("编号 id", lambda row: row.id),
    Column("持券人 holder", lambda row: row.voucher.holder.name),
    Column("算力券 voucher", lambda row: row.voucher.number),
    Column("发票 invoice", lambda row: row.invoice_number),
    Column("申报（元） claimed", lambda row: row.claimed_fen, money=True),
    Column("认定（元） accepted", lambda row: row.accepted_fen, money=True),
    Column("兑付（元） amount", lambda row: row.amount_fen, money=True),
    Column("状态 state", lambda row: row.state),
    Column("提交 submitted", lambda row: row.submitted_at),
    Column("决定 decided", lambda row: row.decided_at),
)
_AWARDS: tuple[Column[Award], ...] = (
    Column("编号 id", lambda row: row.id),
    Column("获奖主体 holder", lambda row: row.holder.name),
    Column("条款 clause", lambda row: row.clause),
    Column("金额（元） amount", lambda row: row.face_fen, money=True),
    Column("已付（元） paid", _paid_fen, money=True),
    Column("状态 state", lambda row: row.state),
    Column("决定 awarded", lambda row: row.awarded_at),
)


@page(Label("兑付", "Redemptions"), STAFF, parent="web:statements")
@require_safe
def redemptions(request: HttpRequest) -> HttpResponse:
    """List claims of holders, the latest first, by state where asked; as a file too."""
    by, programme = actor(request), settings.JIAOZI_PROGRAMME
    check_oversees(by, programme)
    asked = [RedeemState(name) for name in request.GET.getlist("state") if name in RedeemState.__members__]
    if form := request.GET.get("form"):
        rows = every(
            lambda after: queries.redemptions(programme, states=asked, after=after, limit=ROWS_AT_ONCE),
            lambda row: (row.submitted_at, row.id),
        )
        return as_file(form, "redemptions", _REDEMPTIONS, rows)
    found = queries.redemptions(programme, states=asked, after=place_of(request), limit=ROWS + 1)
    context = {
        **paged(request, found, ROWS, lambda row: (row.submitted_at, row.id)),
        "asked": asked,
        "states": list(RedeemState),
    }
    return render(request, "web/redemptions.html", context)


@page(Label("兑付申请", "Redemption"), STAFF, parent="web:redemptions")
@require_safe
def redemption(request: HttpRequest, redemption_id: UUID) -> HttpResponse:
    """Show one claim: invoice, papers, the figures that bound the amount, and what may be done."""
    by, row = actor(request), queries.redemption(redemption_id)
    check_may_see(by, holder=row.voucher.holder_id, programme=row.programme)
    lines = journal.lines(subject=row.id, limit=LINES)
    context = {
        "row": row,
        "papers": papers.papers(row.voucher.application_id, row.id),
        "verbs": _verbs(REDEEM_TRANSITIONS, RedeemState(row.state), by),
        "lines": lines,
        "people": party.names_on_screen(line.by for line in lines),
    }
    return render(request, "web/redemption.html", context)


@page(Label("办理兑付", "Step of a redemption"), _WRITERS, parent="web:redemptions")
@require_POST
def redemption_step(request: HttpRequest, redemption_id: UUID, verb: str) -> HttpResponse:
    """Take one step of a claim."""
    act = _REDEEM.get(verb)
    if act is None:
        raise Http404(verb)
    by, there = actor(request), reverse("web:redemption", args=[redemption_id])
    return stepped(request, lambda words: act(redemption_id, words, by, clock.now()), there)


@page(Label("奖励", "Awards"), STAFF, parent="web:statements")
@require_safe
def awards(request: HttpRequest) -> HttpResponse:
    """List awards, the latest first, with what is paid of each; as a file too."""
    by, programme = actor(request), settings.JIAOZI_PROGRAMME
    check_oversees(by, programme)
    if form := request.GET.get("form"):
        rows = every(
            lambda after: queries.awards(programme, after=after, limit=ROWS_AT_ONCE),
            lambda row: (row.awarded_at, row.id),
        )
        return as_file(form, "awards", _AWARDS, rows)
    found = queries.awards(programme, after=place_of(request), limit=ROWS + 1)
    context = paged(request, found, ROWS, lambda row: (row.awarded_at, row.id))
    context["paid"] = {row.id: _paid_fen(row) for row in context["rows"]}
    context["clauses"] = shown(local_date(clock.now())).clauses
    return render(request, "web/awards.html", context)


@page(Label("奖励详情", "Award"), STAFF, parent="web:awards")
@require_safe
def award(request: HttpRequest, award_id: UUID) -> HttpResponse:
    """Show one award: its stages, the papers that each waits for, and what may be done."""
    by, row = actor(request), queries.award(award_id)
    check_may_see(by, holder=row.holder_id, programme=row.programme)
    stages = queries.stages(row.id)
    lines = journal.lines(subject=row.id, limit=LINES)
    context = {
        "row": row,
        "stages": [(stage, _verbs(STAGE_TRANSITIONS, StageState(stage.state), by)) for stage in stages],
        "paid_fen": sum(stage.amount_fen for stage in stages if stage.state == StageState.PAID),
        "clauses": shown(local_date(clock.now())).clauses,
        "verbs": _verbs(AWARD_TRANSITIONS, AwardState(row.state), by),
        "lines": lines,
        "people": party.names_on_screen([row.awarded_by, *(line.by for line in lines)]),
    }
    return render(request, "web/award.html", context)


@page(Label("办理奖励", "Step of an award"), _WRITERS, parent="web:awards")
@require_POST
def award_step(request: HttpRequest, award_id: UUID, verb: str) -> HttpResponse:
    """Take one step of an award or of one of its stages."""
    act = _AWARD.get(verb)
    if act is None:
        raise Http404(verb)
    by, there = actor(request), reverse("web:award", args=[award_id])
    return stepped(request, lambda words: act(award_id, words, by, clock.now()), there)


def _verbs(table: Any, state: Any, by: Actor) -> set[str]:
    return {verb for (at, verb), (roles, _) in table.items() if at == state and by.role in roles}


def _stage(words: Form) -> UUID:
    try:
        return UUID(words.get("stage", ""))
    except ValueError:
        raise Http404(words.get("stage")) from None


def _accept(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    reason = words.get("words", "")
    return settlement.accept_redemption(redemption_id=id_, accepted_fen=fen_of(words), reason=reason, by=by, now=now)


_Act = Callable[[UUID, Form, Actor, datetime], Any]
_REDEEM: dict[str, _Act] = {
    "accept": _accept,
    "reject": lambda id_, words, by, now: settlement.reject_redemption(
        redemption_id=id_, reason=words.get("words", ""), by=by, now=now
    ),
    "cancel": lambda id_, words, by, now: settlement.cancel_redemption(
        redemption_id=id_, reason=words.get("words", ""), by=by, now=now
    ),
    "pay": lambda id_, words, by, now: settlement.pay_redemption(
        redemption_id=id_, bank_reference=words.get("words", ""), by=by, now=now
    ),
}
_AWARD: dict[str, _Act] = {
    "accept_report": lambda _, words, by, now: settlement.accept_report(stage_id=_stage(words), by=by, now=now),
    "pay": lambda _, words, by, now: settlement.pay_award(
        stage_id=_stage(words), bank_reference=words.get("words", ""), by=by, now=now
    ),
    "withdraw": lambda id_, words, by, now: settlement.withdraw_award(
        award_id=id_, reason=words.get("words", ""), by=by, now=now
    ),
}

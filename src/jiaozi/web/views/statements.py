"""Statements of centres: the run, one statement with its three ways, and the steps that each role may take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import queries as journal
from jiaozi.kernel import clock
from jiaozi.kernel.fen import in_words
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Reach, Role, check_may_see, reach_of
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.policy.rules.words import Interval
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries.exporting import ExportForm, export
from jiaozi.settlement.rules import State
from jiaozi.settlement.rules.claim import UnableToClaim, read_csv, text_of_claim
from jiaozi.settlement.rules.confirming import ClaimKind
from jiaozi.settlement.rules.life import TRANSITIONS, early_period
from jiaozi.web.frame import actor
from jiaozi.web.once import once
from jiaozi.web.pages import STAFF, page
from jiaozi.web.templatetags.words import said
from jiaozi.web.views.closing import CLOSERS
from jiaozi.web.views.programme import shown
from jiaozi.web.views.stepped import DONE, Form, stepped

READERS = STAFF | {Role.CENTRE}
_WRITERS = frozenset({Role.OFFICER, Role.FINANCE, Role.OPERATOR, Role.CENTRE})
ROWS, LINES, HISTORY = 50, 100, 50
_OFFERED = ("match", "approve", "pay", "dispute", "resolve")
CLAIM_BYTES_MAX = 8 * 1024 * 1024
_TO_BE_PAID = frozenset({State.OPEN, State.CLOSED, State.MATCHED, State.APPROVED, State.DISPUTED})
INTERVALS = {
    Interval.MONTHLY.value: Label("按月", "monthly"),
    Interval.QUARTERLY.value: Label("按季度", "quarterly"),
    Interval.YEARLY.value: Label("按年", "yearly"),
    Interval.ON_DEMAND.value: Label("按申请", "on demand"),
}
FILE_ENDINGS = {"focus": "csv"}


@page(Label("结算", "Settlement"), READERS, place=50)
@require_safe
def statements(request: HttpRequest) -> HttpResponse:
    """List statements, the latest first; a centre sees its own."""
    by, programme = actor(request), settings.JIAOZI_PROGRAMME
    reach = reach_of(by, programme, Reach(None), holders=False)
    rows = queries.statements(programme, centre=reach.centre or "", limit=ROWS)
    waiting = [each for each in _waiting(programme) if reach.centre in {None, each["row"].centre}]
    context = {
        "may_close": by.role in CLOSERS,
        "statements": rows,
        "waiting": waiting,
        "centres": {row.id: row for row in catalogue.centres()} if waiting else {},
        "position": _position(by, programme),
        **_next(by, rows),
    }
    return render(request, "web/statements.html", context)


def _waiting(programme: str) -> list[dict[str, Any]]:
    """Give what is on no statement, by centre, with the days that an early close would be of."""
    today = local_date(clock.now())
    closed = queries.closed_days(programme, today)
    waits = queries.waiting(programme=programme)
    return [{"row": row, "period": early_period(closed.get(row.centre), today)} for row in waits]


def _next(by: Actor, rows: list[Statement]) -> dict[str, Any]:
    """Give a centre what is to be paid next, and what the programme says of when: how often, never which day."""
    if by.role is not Role.CENTRE:
        return {}
    standing = [row for row in rows if row.state in _TO_BE_PAID]
    try:
        here = shown(local_date(clock.now()))
    except UnableToFindProgramme:
        return {"next_due": standing[-1:], "interval": None}
    interval = here.text.settlement.interval if here.text.settlement else None
    parameter = here.text.parameters.get(interval.parameter) if interval else None
    value = parameter.typed(allow_demo=here.version.demo) if parameter else interval and interval.value
    word = INTERVALS.get(str(value))
    return {"next_due": standing[-1:], "interval": word, "interval_parameter": parameter}


def _position(by: Actor, programme: str) -> Any:
    return None if by.role is Role.CENTRE else queries.reserve_position(programme)


@page(Label("结算单", "Statement"), READERS, parent="web:statements")
@require_safe
def statement(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """Show one statement: claimed, metered and posted side by side, the lines that differ, and what may be done."""
    by, row = actor(request), queries.statement(statement_id)
    check_may_see(by, centre=row.centre_id, programme=row.programme)
    found, total = queries.differences(row) if row.state == State.CLOSED else ([], 0)
    lines = journal.lines(subject=row.id, limit=HISTORY)
    context = {
        "row": row,
        "lines": queries.lines(row.id, limit=LINES),
        "differences": found,
        "differing": total,
        "in_words": in_words(row.total_fen),
        "verbs": [verb for verb in _OFFERED if by.role in TRANSITIONS.get((State(row.state), verb), ((), None))[0]],
        "history": lines,
        "may_claim": by.role in TRANSITIONS.get((State(row.state), "claim"), ((), None))[0],
        "key": new_id(),
        "kind": ClaimKind(row.claim_kind).label if row.claim_kind else None,
        "people": party.names_on_screen([row.claimed_by, *(line.by for line in lines)]),
    }
    return render(request, "web/statement.html", context)


@page(Label("导出结算单", "Export a statement"), READERS, parent="web:statements")
@require_safe
def statement_file(request: HttpRequest, statement_id: UUID, form: str) -> HttpResponse:
    """Give a statement as the paper that is signed, as a table, or as FOCUS."""
    if form not in set(ExportForm):
        raise Http404(form)
    row = queries.statement(statement_id)
    check_may_see(actor(request), centre=row.centre_id, programme=row.programme)
    answer = HttpResponse(export(row.id, ExportForm(form)), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{row.number}.{FILE_ENDINGS.get(form, form)}"'
    return answer


@page(Label("办理结算单", "Step of a statement"), _WRITERS, parent="web:statements")
@require_POST
def statement_step(request: HttpRequest, statement_id: UUID, verb: str) -> HttpResponse:
    """Take one step; a refusal is said on the statement's page, and nothing has changed."""
    act = _VERBS.get(verb)
    if act is None:
        raise Http404(verb)
    by, there = actor(request), reverse("web:statement", args=[statement_id])
    return stepped(request, lambda words: act(statement_id, words, by, clock.now()), there)


def _match(id_: UUID, _words: Form, by: Actor, now: datetime) -> None:
    settlement.match(statement_id=id_, by=by, now=now)


def _approve(id_: UUID, _words: Form, by: Actor, now: datetime) -> None:
    settlement.approve(statement_id=id_, by=by, now=now)


def _pay(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    settlement.pay(statement_id=id_, bank_reference=words.get("words", ""), by=by, now=now)


def _dispute(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    settlement.dispute(statement_id=id_, reason=words.get("words", ""), by=by, now=now)


def _resolve(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    settlement.resolve(statement_id=id_, resolution=words.get("words", ""), by=by, now=now)


@page(Label("提交申报", "Claim"), frozenset({Role.CENTRE}), parent="web:statements")
@require_POST
def statement_claim(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """Take a centre's claim in as a file, once however often it is sent; a wrong line is named and nothing is kept."""
    given, by, now = request.FILES.get("file"), actor(request), clock.now()
    content = given.read() if given is not None and (given.size or 0) <= CLAIM_BYTES_MAX else b""

    def act() -> int:
        row = settlement.claim(statement_id=statement_id, lines=read_csv(text_of_claim(content)), by=by, now=now)
        return row.claim_number

    try:
        once(request, int, act, now=now, file=content)
    except UnableToClaim as refused:
        where, what = refused.reason.field, refused.reason.label
        place = where.replace("line ", "第") + "行" if where.startswith("line ") else ""
        messages.error(request, said(Label(f"{place}{what.zh}", f"{where}: {what.en}")))
    except Refused as refused:
        messages.error(request, said(refused.reason.label))
    else:
        messages.success(request, said(DONE))
    return HttpResponseRedirect(reverse("web:statement", args=[statement_id]))


_VERBS: dict[str, Callable[[UUID, Form, Actor, datetime], None]] = {
    "match": _match,
    "approve": _approve,
    "pay": _pay,
    "dispute": _dispute,
    "resolve": _resolve,
}

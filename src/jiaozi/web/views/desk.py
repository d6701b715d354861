"""The review desk: the queue with its filters, and a batch whose effect is seen before it is approved in one act."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from jiaozi.application import queries
from jiaozi.application.rules import State
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Reach, Role, reach_of
from jiaozi.settlement import queries as settlement
from jiaozi.settlement import services
from jiaozi.settlement.rules.batch import BATCH_MAX, BatchDone, Choice
from jiaozi.web.fields import TEXT_MAX
from jiaozi.web.frame import actor
from jiaozi.web.once import once
from jiaozi.web.pages import STAFF, page
from jiaozi.web.paging import paged, place_of
from jiaozi.web.views.programme import shown

ROWS = 50


@page(Label("申领", "Applications"), STAFF | {Role.APPLICANT}, place=30)
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """List applications, the latest first: a holder its own, those who run the programme all, by what is asked for."""
    by, programme, now = actor(request), settings.JIAOZI_PROGRAMME, clock.now()
    reach = reach_of(by, programme, Reach(None), centres=False)
    own = by.role is Role.APPLICANT
    asked = [State(name) for name in request.GET.getlist("state") if name in State.__members__]
    over, clauses = request.GET.get("notice") == "over", shown(local_date(now)).clauses
    clause = request.GET.get("clause", "")
    rows = queries.applications(
        programme=programme,
        holder=reach.holder,
        states=asked or (list(State) if own else []),
        clause=clause if clause in clauses else "",
        notice_over=now if over else None,
        after=place_of(request),
        limit=ROWS + 1,
    )
    counted = queries.counts(programme) if not own else {}
    context = {
        **paged(request, rows, ROWS, lambda row: (row.submitted_at, row.id)),
        "clauses": clauses,
        "clause": clause,
        "states": [(state, counted[state]) for state in State if counted.get(state) and state is not State.DRAFT],
        "asked": asked,
        "over": over,
        "own": own,
        "choosing": by.role is Role.OFFICER and any(row.state == State.PUBLIC_NOTICE for row in rows[:ROWS]),
        "most": BATCH_MAX,
        "filters": [(name, value) for name in request.GET for value in request.GET.getlist(name)],
    }
    return render(request, "web/applications.html", context)


@page(Label("批量批准", "Approve a batch"), frozenset({Role.OFFICER}), parent="web:applications")
@require_http_methods(["GET", "POST"])
def batch(request: HttpRequest) -> HttpResponse:
    """Show what approving the chosen dossiers would do, pool by pool; approve them, each with its own reason."""
    by, programme, now = actor(request), settings.JIAOZI_PROGRAMME, clock.now()
    asked = request.POST if request.method == "POST" else request.GET
    ids = _ids(asked.getlist("id"))
    wrong: Refused | None = None
    done: BatchDone | None = None
    ahead = settlement.batch_ahead(programme, ids, by=by, now=now)
    if request.method == "POST":
        try:
            done = _approve(request, programme, ids, now)
        except Refused as refused:
            wrong = refused
    context = {
        "ahead": ahead,
        "clauses": shown(local_date(now)).clauses,
        "lines": _lines(request, ahead, done),
        "wrong": wrong.reason.label if wrong else None,
        "done": done,
        "own_pools": [each for each in ahead.effect.pools if not each.pool.shared and each.after_fen < 0],
        "pools": [each for each in ahead.effect.pools if each.pool.shared],
        "back": request.POST.get("back", "")[:TEXT_MAX] or _filters(request),
        "most": BATCH_MAX,
        "too_many": len(ids) > BATCH_MAX,
        "key": request.POST.get("key") or new_id(),
        "common": request.POST.get("reason", "")[:TEXT_MAX],
    }
    return render(request, "web/batch.html", context, status=422 if wrong else 200)


def _filters(request: HttpRequest) -> str:
    """Give the desk's filters as they came along, for the way back; those whose notice is over without any."""
    kept = request.GET.copy()
    kept.pop("id", None)
    return kept.urlencode() or "state=PUBLIC_NOTICE&notice=over"


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[: BATCH_MAX + 1]]
    except ValueError:
        raise Http404(texts) from None


def _approve(request: HttpRequest, programme: str, ids: list[UUID], now: datetime) -> BatchDone:
    common = request.POST.get("reason", "")[:TEXT_MAX]
    own = {id_: request.POST.get(f"reason-{id_}", "")[:TEXT_MAX].strip() for id_ in ids}
    choices = [Choice(id_, own[id_] or common) for id_ in ids]

    def act() -> BatchDone:
        return services.approve_batch(programme=programme, choices=choices, by=actor(request), now=now)

    return once(request, BatchDone, act, now=now)


def _lines(request: HttpRequest, ahead: settlement.BatchAhead, done: BatchDone | None) -> list[dict[str, Any]]:
    became = {line.application: line for line in done.lines} if done else {}
    return [
        {
            "row": row,
            "reasons": ahead.effect.reasons[row.id],
            "became": became.get(row.id),
            "words": request.POST.get(f"reason-{row.id}", "")[:TEXT_MAX],
        }
        for row in ahead.rows
    ]

"""Search and trace: anything found by what stands on paper, a voucher's chain with its proofs, and the journal."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jiaozi.journal import queries as journal
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import start_of_day
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries as party
from jiaozi.party.rules import check_may_see, check_oversees
from jiaozi.settlement import queries as settlement
from jiaozi.settlement.queries.finding import Hit, find
from jiaozi.settlement.queries.tracing import Chain, chain, chain_to_json, proofs_of
from jiaozi.web.export import Column, as_file
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.paging import paged, place_of

LINES, FILE_LINES = 50, 500
STAGES = (
    *("alert", "application", "catalogue", "exchange", "lab", "lease", "metering", "notice", "order", "party"),
    *("policy", "settlement", "voucher"),
)


def _body(line: JournalLine) -> str:
    return json.dumps(line.body, ensure_ascii=False, sort_keys=True)


# The head of each column is the line's own name for it, and instants are whole: its digest is made of them.
_COLUMNS: tuple[Column[JournalLine], ...] = (
    Column("id", lambda line: line.id),
    Column("at", lambda line: line.at.isoformat()),
    Column("stage", lambda line: line.stage),
    Column("verb", lambda line: line.verb),
    Column("subject", lambda line: line.subject),
    Column("before", lambda line: line.before),
    Column("after", lambda line: line.after),
    Column("by", lambda line: line.by),
    Column("body", _body),
    Column("digest", lambda line: bytes(line.digest).hex()),
)


@page(Label("核查", "Search and trace"), STAFF, place=70)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find a thing by its number, a holder's name or code, a bank reference; what is alone is opened at once."""
    programme, text = settings.JIAOZI_PROGRAMME, request.GET.get("q", "")
    check_oversees(actor(request), programme)
    hits, wrong = [], None
    try:
        hits = find(text, programme) if text else []
    except Refused as refusal:
        wrong = refusal.reason.label
    found = [(hit, there) for hit in hits if (there := _page_of(hit))]
    if len(found) == 1:
        return HttpResponseRedirect(found[0][1])
    return render(request, "web/search.html", {"hits": found, "q": text, "wrong": wrong}, status=422 if wrong else 200)


def _page_of(hit: Hit) -> str:
    """Give the page that shows a hit; empty where nothing does."""
    if hit.statement:
        return reverse("web:statement", args=[hit.statement])
    return reverse("web:chain", args=[hit.application]) if hit.application else ""


@page(Label("全链条", "Chain"), STAFF, parent="web:search")
@require_safe
def trace(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Show all that a voucher is made of, and what must be equal along the way."""
    found = _chain(request, application_id)
    lines = {line.capture_id: line for line in found.lines}
    used = {row.capture_id: row for row in found.usage}
    captured = {row.order_id: row for row in found.captures if row.order_id}
    orders = [
        (row, taken, used.get(taken.id) if taken else None, lines.get(taken.id) if taken else None)
        for row in found.orders
        for taken in [captured.get(row.id)]
    ]
    others = [(row, used.get(row.id), lines.get(row.id)) for row in found.captures if not row.order_id]
    context = {
        "chain": found,
        "orders": orders,
        "others": others,
        "proofs": proofs_of(found),
        "journal": [(line, journal.intact(line)) for line in found.journal],
        "people": party.names_on_screen(line.by for line in found.journal),
    }
    return render(request, "web/chain.html", context)


def _chain(request: HttpRequest, application_id: UUID) -> Chain:
    found = chain(application_id)
    check_may_see(actor(request), holder=found.application.holder_id, programme=found.application.programme)
    return found


@page(Label("导出全链条", "Export a chain"), STAFF, parent="web:search")
@require_safe
def chain_file(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Give a chain as JSON: ids, amounts in fen, instants in UTC, digests."""
    found = _chain(request, application_id)
    body = json.dumps(chain_to_json(found), ensure_ascii=False, indent=2, sort_keys=True)
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="chain-{application_id}.json"'
    return response


@page(Label("留痕", "Journal"), STAFF, parent="web:search")
@require_safe
def journal_lines(request: HttpRequest) -> HttpResponse:
    """List the journal, the latest first, by stage, subject, actor and day; as CSV where the address asks for it."""
    by = actor(request)
    check_oversees(by, settings.JIAOZI_PROGRAMME)
    asked = _asked(request)
    if form := request.GET.get("form"):
        return as_file(form, "journal", _COLUMNS, settlement.lines_for(by.programme, **asked, limit=FILE_LINES))
    after = place_of(request)
    rows = settlement.lines_for(by.programme, **asked, after=after[1] if after else None, limit=LINES + 1)
    page_ = paged(request, rows, LINES, lambda line: (line.at, line.id))
    query = request.GET.copy()
    query.pop("after", None)
    context = page_ | {
        "rows": [(line, journal.intact(line), _body(line)) for line in page_["rows"]],
        "people": party.names_on_screen(line.by for line in page_["rows"]),
        "stages": STAGES,
        "asked": request.GET,
        "query": query.urlencode(),
        "most": FILE_LINES,
    }
    return render(request, "web/journal.html", context)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """Read the filters; a spoilt one filters nothing."""
    stage = request.GET.get("stage", "")
    return {
        "subject": _uuid(request.GET.get("subject", "")),
        "stage": stage if stage in STAGES else "",
        "by": request.GET.get("by", "")[:80].replace("\x00", ""),
        "since": _day(request.GET.get("since", "")),
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def _day(text: str) -> datetime | None:
    try:
        return start_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError):
        return None

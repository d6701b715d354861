"""The policy lab on pages: runs that are kept, a new one from a scenario, and its report, shut into a sandbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.lab import queries
from jiaozi.lab.rules import UnableToReadScenario
from jiaozi.lab.rules.keeping import DECISIONS_MAX, TEXT_MAX, RunState, is_lost
from jiaozi.lab.services import runs
from jiaozi.party.rules import check_oversees
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.paging import paged, place_of

ROWS, AGAIN_S = 30, 3
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The report is one file with its own scripts: in a sandbox it has no origin, and so neither session nor console."""


@page(Label("政策推演", "Policy lab"), STAFF, parent="web:budget")
@require_http_methods(["GET", "POST"])
def lab(request: HttpRequest) -> HttpResponse:
    """List kept runs, the latest first; start one from a scenario, its errors named by line and column."""
    by, programme, now = actor(request), settings.JIAOZI_PROGRAMME, clock.now()
    check_oversees(by, programme)
    context: dict[str, Any] = {"most": TEXT_MAX, "decisions": DECISIONS_MAX}
    if request.method == "POST":
        text = request.POST.get("text", "")[: TEXT_MAX + 1].replace("\r\n", "\n")
        context["text"] = text
        try:
            row = runs.ask(programme=programme, text=text, by=by, now=now)
        except UnableToReadScenario as refused:
            context["problems"] = refused.problems
        except Refused as refused:
            context["refused"] = refused.reason.label
        else:
            return HttpResponseRedirect(reverse("web:lab-run", args=[row.id]))
    elif again := request.GET.get("from"):
        context["text"] = _seen(request, again).text
    found = queries.lab_runs(programme, after=place_of(request), limit=ROWS + 1)
    context |= paged(request, found, ROWS, lambda row: (row.asked_at, row.id))
    wrong = "problems" in context or "refused" in context
    return render(request, "web/lab.html", context, status=422 if wrong else 200)


@page(Label("推演", "Run"), STAFF, parent="web:lab")
@require_safe
def lab_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show one run: how far it is, asked again every few seconds while it is under way, and its files."""
    row, now = _seen(request, str(run_id)), clock.now()
    state = RunState(row.state)
    lost = is_lost(state, row.started_at, now)
    going = state in {RunState.QUEUED, RunState.RUNNING} and not lost
    context = {"row": row, "files": queries.files_of(row.id), "going": going, "lost": lost, "again_s": AGAIN_S}
    answer = render(request, "web/lab_run.html", context)
    if going:
        answer["Refresh"] = str(AGAIN_S)
    return answer


@page(Label("推演文件", "File of a run"), STAFF, parent="web:lab")
@require_safe
def lab_file(request: HttpRequest, run_id: UUID, name: str) -> HttpResponse:
    """Give a run's file to keep; the report may be looked at too, in a sandbox of its own."""
    row = _seen(request, str(run_id))
    content = queries.content(row.id, name)
    if name == "report.html" and request.GET.get("form") != "file":
        shown = HttpResponse(content, content_type="text/html; charset=utf-8")
        shown["Content-Security-Policy"] = _SANDBOX
        return shown
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


def _seen(request: HttpRequest, run_id: str) -> Any:
    try:
        id_ = UUID(run_id)
    except ValueError:
        raise queries.UnableToFindRun("NO_SUCH_RUN", "没有这次推演", "no such run", field="run") from None
    row = queries.lab_run(id_)
    check_oversees(actor(request), row.programme)
    return row

"""Applications: one dossier with its decision tree and papers, and a new one."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from jiaozi.alert import queries as alerts
from jiaozi.alert.rules import Subject, SubjectKind
from jiaozi.application import queries
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.application.queries import evidence as papers
from jiaozi.application.queries.asking import papers_wanted, questions
from jiaozi.application.rules import TRANSITIONS, State, first_last_day
from jiaozi.journal import queries as journal
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.party import queries as party
from jiaozi.party.rules import Role, check_may_see
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Decision, Document, Grant, UnableToDecide, UnableToReadFacts, notice_days
from jiaozi.policy.rules.facts import read
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.web.fields import answers, fields, typed_back
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.views import keeping
from jiaozi.web.views.programme import shown

READERS = STAFF | {Role.APPLICANT}
LINES = 50
_OVER = frozenset({State.APPROVED, State.REJECTED, State.WITHDRAWN})
_DECIDERS = frozenset({Role.OFFICER, Role.FINANCE, Role.AUDITOR})


@page(Label("新的申领", "A new application"), frozenset({Role.APPLICANT}), parent="web:applications")
@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest, clause: str) -> HttpResponse:
    """Ask what the register doesn't know; what is handed in becomes a draft that can be completed."""
    by, programme = actor(request), shown(local_date(clock.now()))
    if by.organisation is None:
        raise Http404
    holder = party.organisation(by.organisation)
    try:
        asked = questions(programme.document, clause, holder)
    except UnableToDecide as missing:
        raise Http404(missing) from missing
    given = {name: (request.POST or request.GET).get(name, "") for name in asked}
    wrong: Any = ()
    if request.method == "POST":
        now = clock.now()

        def begin(claimed: dict[str, Any]) -> Application:
            terms = {"holder_id": holder.id, "version_id": programme.version.id, "clause": clause}
            return application.draft(**terms, claimed=claimed, by=by, now=now)

        save = partial(keeping.kept_whole, request, begin, now=now) if "key" in request.POST else begin
        if "HX-Request" in request.headers:  # the form keeps itself while it is filled in
            kept = keeping.kept_readable(programme.document, given, save)
            ahead = keeping.ahead_of(programme.slug, clause, holder, given, now)
            return keeping.told(request, programme.document, given, kept, ahead, now)
        try:
            row = save(answers(programme.document, asked, given))
        except UnableToReadFacts as refused:
            wrong = refused.reasons
        else:
            return HttpResponseRedirect(reverse("web:dossier", args=[row.id]))
    ahead = keeping.ahead_of(programme.slug, clause, holder, given, clock.now())
    context = {
        "programme": programme,
        "clause": programme.document.clause(clause),
        "holder": holder,
        "key": request.POST.get("key") or new_id(),
        "fields": fields(programme.document, asked, given, wrong or ahead.wrong),
        "answer": ahead.answer,
        "unreadable": bool(ahead.wrong),
    }
    return render(request, "web/apply.html", context, status=422 if wrong else 200)


@page(Label("申领卷宗", "Dossier"), READERS, parent="web:applications")
@require_safe
def dossier(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Show one dossier: evidence beside the decision tree, what happened so far, and what may be done now."""
    by, row = actor(request), queries.application(application_id)
    check_may_see(by, holder=row.holder_id, programme=row.programme)
    return render(request, "web/dossier.html", _dossier(row, by.role) | {"alerts": _alerts(row, by)})


def _dossier(row: Application, role: Role) -> dict[str, Any]:
    now, document = clock.now(), policy.document(row.version_id)
    today, clause = local_date(now), document.clause(row.clause)
    verbs = {verb for (state, verb), (roles, _) in TRANSITIONS.items() if state == row.state and role in roles}
    due, missing = papers_wanted(row, (StepOfLife.APPLY, StepOfLife.ISSUE), today)
    asked = questions(document, row.clause, row.holder) if verbs & {"amend", "resubmit"} else ()
    begun = typed_back(document, asked, row.facts)
    typed = {name: begun.get(name, "") for name in asked}
    ahead = keeping.ahead_of(row.programme, row.clause, row.holder, typed, now) if row.state == State.DRAFT else None
    decision = Decision.from_json(row.decision) if row.decision else None
    lines = journal.lines(subject=row.id, limit=LINES)
    days = notice_days(document, today, allow_demo=row.version.demo)
    return {
        "row": row,
        "state": State(row.state),
        "clause": clause,
        "programme": {"text": document.programme, "version": row.version},
        "facts": _told(document, row),
        "decision": decision,
        "found": decision.clause or decision.clauses[0] if decision else None,
        "by_hand": bool(decision and decision.outcome == "BY_HAND"),
        "papers": papers.papers(row.id),
        "due": due,
        "missing": missing,
        "verbs": verbs,
        "fields": fields(document, asked, typed),
        "ahead": ahead is not None,
        "over": row.state in _OVER,
        "answer": ahead.answer if ahead else None,
        "may_attach": role in {Role.APPLICANT, Role.OFFICER} and row.state not in _OVER,
        "lines": lines,
        "people": party.names_on_screen(line.by for line in lines),
        "notice_days": days,
        "notice_least": first_last_day(now, days),
        "notice_open": bool(row.notice_until and now < row.notice_until),
        "voucher": clause.grants is Grant.VOUCHER,
        "now": now,
    }


def _told(document: Document, row: Application) -> list[tuple[Label, Label]]:
    """Give what was stated, fact by fact in the document's order, as the policy reads it."""
    known = read(document.programme.facts, row.facts)
    return [(document.programme.facts[name].label, known[name].shown) for name in document.facts if name in known]


def _alerts(row: Application, by: Any) -> list[Any]:
    if by.role not in _DECIDERS:
        return []
    return alerts.alerts_of(Subject(SubjectKind.APPLICATION, str(row.id)), by=by)


@page(Label("材料", "Paper"), READERS, parent="web:applications")
@require_GET
def paper(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    """Give a paper's bytes, checked against their digest."""
    row, content = papers.content(evidence_id, by=actor(request))
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{row.paper}.{row.file.kind.lower()}"
    )
    return answer

"""Programme versions: which are and were in force, what changed for whom, and a new one with its errors named."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.party import queries as party
from jiaozi.policy import queries, rules
from jiaozi.policy import services as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules.adopting import PUBLISHERS
from jiaozi.policy.rules.reading import TEXT_LENGTH_MAX
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.templatetags.words import said

_BYTES_MAX = TEXT_LENGTH_MAX * 4
_PUBLISHED = Label("新版本已登记，自其生效日起施行。", "The new version is kept and in force from its first day.")


@page(Label("政策版本", "Programme versions"), STAFF, parent="web:budget")
@require_http_methods(["GET", "POST"])
def versions(request: HttpRequest) -> HttpResponse:
    """List versions with their days of force; check a new document, show what it changes, and publish it."""
    context: dict[str, Any] = {"may_publish": actor(request).role in PUBLISHERS, "most": TEXT_LENGTH_MAX}
    if request.method == "POST":
        if not context["may_publish"]:
            raise Http404
        answer = _asked(request, context)
        if answer is not None:
            return answer
    today = local_date(clock.now())
    rows = queries.versions(settings.JIAOZI_PROGRAMME)
    in_force = _in_force(today)
    context |= {
        "rows": [(row, _place(row, today, in_force)) for row in rows],
        "people": party.names_on_screen(row.loaded_by for row in rows),
    }
    wrong = context.get("problems") or context.get("refused")
    return render(request, "web/versions.html", context, status=422 if wrong else 200)


def _asked(request: HttpRequest, context: dict[str, Any]) -> HttpResponse | None:
    """Check what was handed in, or publish it; gives an answer where it leads elsewhere."""
    text = _text(request)
    context["text"] = text
    try:
        if request.POST.get("step") == "publish":
            row = policy.publish(text=text, by=actor(request), now=clock.now(), demo=settings.JIAOZI_DEMO)
            messages.success(request, said(_PUBLISHED))
            return HttpResponseRedirect(reverse("web:version", args=[row.id]))
        found = queries.check(text, by=actor(request), demo=settings.JIAOZI_DEMO)
        context |= {"checked": found.document, "dates": (found.first, found.last), "changes": found.changes}
    except rules.UnableToReadProgramme as refused:
        context["problems"] = refused.problems
    except Refused as refused:
        context["refused"] = refused.reason.label
    return None


def _text(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", "")[: TEXT_LENGTH_MAX + 1].replace("\r\n", "\n")
    content: bytes = file.read(_BYTES_MAX)
    return content.decode("utf-8-sig", errors="replace")[: TEXT_LENGTH_MAX + 1]


def _in_force(today: date) -> UUID | None:
    try:
        return queries.current(settings.JIAOZI_PROGRAMME, today).id
    except queries.UnableToFindProgramme:
        return None


def _place(row: ProgrammeVersion, today: date, in_force: UUID | None) -> str:
    """Say where a version stands: in force, to come, over, or replaced."""
    if row.id == in_force:
        return "NOW"
    if row.effective_from > today:
        return "COMING"
    return "OVER" if row.effective_to and row.effective_to < today else "REPLACED"


@page(Label("政策版本详情", "Programme version"), STAFF, parent="web:versions")
@require_safe
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Show one version: its days, what it changed for whom against another, and what is not published."""
    row = queries.version(version_id)
    if row.programme != settings.JIAOZI_PROGRAMME:
        raise Http404
    if request.GET.get("form") == "yaml":
        answer = HttpResponse(row.text, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="{row.programme}-{row.digest[:12]}.yaml"'
        return answer
    document, others = queries.document(row.id), [each for each in queries.versions(row.programme) if each.id != row.id]
    against = _against(request.GET.get("against", ""), row, others)
    context = {
        "row": row,
        "document": document,
        "text": document.programme,
        "others": others,
        "against": against,
        "changes": queries.changes(against, document),
        "unpublished": [each for each in document.programme.parameters.values() if each.unpublished],
        "place": _place(row, local_date(clock.now()), _in_force(local_date(clock.now()))),
        "people": party.names_on_screen([row.loaded_by]),
    }
    return render(request, "web/version.html", context)


def _against(asked: str, row: ProgrammeVersion, others: list[ProgrammeVersion]) -> ProgrammeVersion | None:
    wanted = asked or str(row.supersedes_id or "")
    found = next((each for each in others if str(each.id) == wanted), None)
    if asked and found is None:
        raise Http404(asked)
    return found

"""A centre's person confirms what was metered, line by line, or objects to a line: the claim is made of that."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, Role, check_may_see
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules import LineKind, State
from jiaozi.settlement.rules.confirming import Answer, ClaimKind, answer_of
from jiaozi.settlement.rules.life import TRANSITIONS
from jiaozi.web.frame import actor
from jiaozi.web.pages import STAFF, page
from jiaozi.web.views.stepped import Form, UnableToReadForm, fen_of, stepped

READERS = STAFF | {Role.CENTRE}
ROWS, _TEXT_MAX = 50, 100
_ALL, _LATE = "all", "late"
SHOWN = {
    _ALL: Label("全部", "All"),
    Answer.NONE.value.lower(): Label("未确认", "Not confirmed"),
    Answer.CONFIRMED.value.lower(): Label("已确认", "Confirmed"),
    Answer.OBJECTED.value.lower(): Label("有异议", "Objected to"),
    _LATE: Label("前期调整", "Of earlier periods"),
}
_CONFIRMED = Label("已确认。", "Confirmed.")
_OBJECTED = Label(
    "异议已记入，该行须先解决才能对平。", "The objection is kept; the line must be settled before it matches."
)


@page(Label("确认用量", "Confirm usage"), READERS, parent="web:statements")
@require_safe
def statement_usage(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """List what was metered with what the centre has said of it; its person confirms all, or objects to one."""
    by, row = actor(request), queries.statement(statement_id)
    check_may_see(by, centre=row.centre_id, programme=row.programme)
    show = request.GET.get("show", _ALL)
    show = show if show in SHOWN else _ALL
    text = request.GET.get("q", "")[:_TEXT_MAX]
    after = request.GET.get("after", "")
    found = queries.answered_lines(
        row,
        answer=Answer(show.upper()) if show.upper() in set(Answer) else None,
        kind=LineKind.ADJUSTMENT if show == _LATE else None,
        text=text,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < len(str(2**63)) else 0,
        limit=ROWS + 1,
    )
    kept = {"show": show} | ({"q": text} if text else {})
    context = {
        "row": row,
        "lines": [{"row": line, "answer": answer_of(line.amount_fen, line.claimed_fen)} for line in found[:ROWS]],
        "next": urlencode(kept | {"after": found[ROWS - 1].id}) if len(found) > ROWS else "",
        "first": urlencode(kept) if after else None,
        "counts": queries.confirmation(row.id),
        "kind": ClaimKind(row.claim_kind).label if row.claim_kind else None,
        "may_answer": by.role in TRANSITIONS.get((State(row.state), "claim"), ((), None))[0],
        "people": party.names_on_screen([row.claimed_by]),
        "show": show,
        "tabs": SHOWN,
        "text": text,
    }
    return render(request, "web/statement_usage.html", context)


@page(Label("办理用量确认", "Answer of a centre"), frozenset({Role.CENTRE}), parent="web:statements")
@require_POST
def statement_answer(request: HttpRequest, statement_id: UUID, verb: str) -> HttpResponse:
    """Confirm every line or one, or object to one, and come back to the list."""
    if verb not in _VERBS:
        raise Http404(verb)
    act, done = _VERBS[verb]
    by = actor(request)
    there = reverse("web:statement-usage", args=[statement_id])
    show = request.POST.get("show", "")
    back = f"{there}?{urlencode({'show': show})}" if show in SHOWN else there
    return stepped(request, lambda words: act(statement_id, words, by, clock.now()), back, lambda _: done)


def _capture(words: Form) -> UUID:
    try:
        return UUID(words.get("capture", ""))
    except ValueError:
        raise UnableToReadForm("CAPTURE_WRONG", "请指明哪一行", "name the line", field="capture") from None


def _confirm(id_: UUID, _words: Form, by: Actor, now: datetime) -> Any:
    return settlement.confirm(statement_id=id_, by=by, now=now)


def _confirm_line(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    return settlement.confirm_line(statement_id=id_, capture_id=_capture(words), by=by, now=now)


def _object(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    return settlement.object_to(
        statement_id=id_,
        capture_id=_capture(words),
        amount_fen=fen_of(words),
        reason=words.get("words", ""),
        by=by,
        now=now,
    )


_VERBS = {
    "confirm": (_confirm, _CONFIRMED),
    "confirm-line": (_confirm_line, _CONFIRMED),
    "object": (_object, _OBJECTED),
}

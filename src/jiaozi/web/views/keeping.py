"""Keeping a draft while its form is filled in: what can be read is kept at once, what can't is said at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from jiaozi.application import queries
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.application.queries.asking import foreseen, questions
from jiaozi.application.rules import State
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party import services as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Answer as Made
from jiaozi.party.rules import Role, check_may_see, digest_of
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Document, UnableToDecide, UnableToReadFacts
from jiaozi.web.fields import answers, fields
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.views.eligibility import Answer

Save = Callable[[dict[str, Any]], Application]


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of keeping a draft: the draft where it is kept, and what of it is not."""

    row: Application | None
    wrong: tuple[Reason, ...] = ()


def kept_whole(request: HttpRequest, begin: Save, claimed: dict[str, Any], now: datetime) -> Application:
    """Keep the draft of a form under the form's key: the first time it is begun, then amended, whoever is faster.

    Raises
    ------
    UnableToReadFacts, UnableToApply, UnableToRepeat
        Nothing is kept.
    """
    by, begun = actor(request), []

    def act() -> Made:
        begun.append(begin(claimed))
        return Made(200, str(begun[0].id))

    digest = digest_of(by, request.path.encode())  # the form, whatever it says by now
    made = party.once(key=request.POST.get("key", ""), digest=digest, by=by, now=now, act=act)
    if begun:
        return begun[0]
    row = queries.application(UUID(made.body))
    return application.amend(application_id=row.id, claimed=claimed, by=by, now=now)


def kept_readable(document: Document, given: Mapping[str, str], save: Save) -> Kept:
    """Keep what can be read of a form, and say what can't."""
    wrong: tuple[Reason, ...] = ()
    for _ in range(2):
        named = {reason.field for reason in wrong}
        try:
            return Kept(save(answers(document, [name for name in given if name not in named], given)), wrong)
        except UnableToReadFacts as refused:
            wrong = (*wrong, *refused.reasons)
        except Refused as refused:
            return Kept(None, (*wrong, refused.reason))
    return Kept(None, wrong)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the policy in force says to a form so far; the answer is None where something can't be read."""

    answer: Answer | None
    wrong: tuple[Reason, ...] = ()


def ahead_of(slug: str, clause: str, holder: Organisation, given: Mapping[str, str], now: datetime) -> Ahead:
    """Foresee the decision on the version that handing in pins, and on the register's facts.

    ``given`` is what was typed, by facts; what this version no longer asks is left out, what it asks anew is open.
    """
    today = local_date(now)
    try:
        version = policy.current(slug, today)
        document = policy.document(version.id)
        typed = {name: given.get(name, "") for name in questions(document, clause, holder)}
        decision = foreseen(document, clause, holder, answers(document, typed, typed), today, allow_demo=version.demo)
    except UnableToReadFacts as refused:
        return Ahead(None, refused.reasons)
    except (UnableToDecide, policy.UnableToFindProgramme):
        return Ahead(None)
    return Ahead(Answer(decision, sum(not text.strip() for text in typed.values())))


def told(  # noqa: PLR0917 - a form, and what came of it
    request: HttpRequest, document: Document, given: Mapping[str, str], kept: Kept, ahead: Ahead, now: datetime
) -> HttpResponse:
    """Say what is kept and since when, what is wrong at its field, and what the policy says to it."""
    wrong = kept.wrong or ahead.wrong
    context = {
        "answer": ahead.answer,
        "unreadable": bool(ahead.wrong),
        "programme": {"text": document.programme},
        "kept": kept,
        "now": now,
        "fields": fields(document, given, given, wrong),
        "others": [reason for reason in kept.wrong if reason.field not in given],
    }
    page = render(request, "web/parts/kept.html", context)
    page["Cache-Control"] = "no-store"
    return page


@page(Label("保存草稿", "Keep a draft"), frozenset({Role.APPLICANT}), parent="web:applications")
@require_POST
def keep_draft(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Keep a draft that is being completed on its own page."""
    by, now = actor(request), clock.now()
    row = queries.application(application_id)
    check_may_see(by, holder=row.holder_id, programme=row.programme)
    document = policy.document(row.version_id)
    given = {name: request.POST.get(name, "") for name in questions(document, row.clause, row.holder)}
    if row.state != State.DRAFT:
        over = Label("已提交，不再自动保存", "handed in already: nothing is kept any more")
        return told(request, document, given, Kept(None, (Reason("NOT_A_DRAFT", over),)), Ahead(None), now)
    kept = kept_readable(
        document,
        given,
        lambda claimed: application.amend(application_id=row.id, claimed=claimed, by=by, now=now),
    )
    return told(request, document, given, kept, ahead_of(row.programme, row.clause, row.holder, given, now), now)

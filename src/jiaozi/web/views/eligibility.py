"""Am I eligible? Every clause answers while the form is filled in, before anybody signs in; nothing is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jiaozi.application.queries.asking import known
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.party import queries as party
from jiaozi.policy import rules as policy
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.policy.rules import Decision, Grant, UnableToReadFacts, describing
from jiaozi.policy.rules.asking import facts_asked, subject_facts
from jiaozi.policy.rules.explaining import GRANTS
from jiaozi.web.fields import Field, answers, fields, typed_back
from jiaozi.web.frame import asking
from jiaozi.web.pages import EVERYBODY, page
from jiaozi.web.templatetags.figures import in_english
from jiaozi.web.views.programme import Shown, shown

_YUAN = re.compile(r"([\d,.]+)元")
_PARAMETER = re.compile(r" \(parameter\.\w+\)")
ESTIMATE = "estimate"
"""Stands for a project's or a holder's name in an estimate: a counter is kept under it, and nobody's is touched."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy says to the facts so far; ``missing`` counts the questions that are still open."""

    decision: Decision
    missing: int

    @property
    def state(self) -> str:
        """The one word that the page's headline rests on."""
        failed = any(found.truth == "FALSE" for found in self.decision.clauses[0].conditions)
        if failed:
            return "no"
        return "open" if self.missing else {"GRANTED": "yes", "BY_HAND": "by_hand"}.get(self.decision.outcome, "no")


@page(Label("政策匹配", "Am I eligible?"), EVERYBODY, place=20)
@require_safe
def eligibility(request: HttpRequest) -> HttpResponse:
    """Show every clause in plain words, each with the way to its questions."""
    programme = _programme()
    clauses = [plain(programme, clause) for clause in programme.text.clauses]
    return render(request, "web/eligibility.html", {"programme": programme, "clauses": clauses})


@page(Label("额度测算", "How much would it be?"), EVERYBODY, parent="web:eligibility")
@require_safe
def estimate(request: HttpRequest, clause: str) -> HttpResponse:
    """Ask what one clause wants to know and answer condition by condition; htmx gets the answer alone."""
    programme = _programme()
    try:
        chosen = programme.document.clause(clause)
    except policy.UnableToDecide as missing:
        raise Http404(missing) from missing
    given = {name: request.GET.get(name, "") for name in facts_asked(programme.document, clause)}
    by = asking(request).actor
    if by is not None and by.organisation is not None and not request.GET:
        given |= _registered(programme, by.organisation, given)
    asked, answer = weighed(programme, clause, given)
    context = {
        "programme": programme,
        "clause": chosen,
        "fields": asked,
        "answer": answer,
        "voucher": chosen.grants is Grant.VOUCHER,
        "query": request.GET.urlencode(),
        "may_apply": asking(request).role in {None, "APPLICANT"},
    }
    partial = "HX-Request" in request.headers
    return render(request, "web/parts/answer.html" if partial else "web/estimate.html", context)


def _registered(programme: Shown, holder: UUID, given: dict[str, str]) -> dict[str, str]:
    """Give what the register answers of the questions: nobody types what is known of it."""
    found = known(programme.document, party.organisation(holder))
    return typed_back(programme.document, set(given) & set(found), found)


def weighed(programme: Shown, clause: str, given: dict[str, str]) -> tuple[list[Field], Answer | None]:
    """Give the questions with what is wrong in their answers, and the policy's answer where none is."""
    document = programme.document
    stand_ins = subject_facts(document)
    names = [name for name in given if name not in stand_ins]
    facts = answers(document, names, given)
    for name in set(given) & stand_ins:
        group, _, part = name.partition(".")
        facts.setdefault(group, {}).setdefault(part, ESTIMATE)
    try:
        decision = policy.decide(
            document, clause_id=clause, facts=facts, counters={}, on=programme.on, allow_demo=programme.version.demo
        )
    except UnableToReadFacts as wrong:
        return fields(document, names, given, wrong.reasons), None
    return fields(document, names, given), Answer(decision, sum(not given[name].strip() for name in names))


def _programme() -> Shown:
    try:
        return shown(local_date(clock.now()))
    except UnableToFindProgramme as missing:
        raise Http404(missing) from missing


def plain(programme: Shown, clause: Any) -> dict[str, Any]:
    """Give a clause with what it gives and under which caps, in plain words."""
    document, language = programme.document, "en" if in_english() else "zh"
    gives = f"{GRANTS[clause.grants].in_language(language)}{describing.how(document, clause, language)}"
    caps = [describing.cap(document, under, language) for under in clause.caps]
    return {
        "clause": clause,
        "gives": _said(gives, language),
        "caps": [_said(cap, language) for cap in caps],
    }


def _said(text: str, language: str) -> str:
    """Leave out parameters' names, and write money the English way where the page is English."""
    text = _PARAMETER.sub("", text)
    return _YUAN.sub(r"CNY \1", text) if language == "en" else text

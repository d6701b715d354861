"""Programmes: what is in force, its clauses in plain words, and a decision before anybody signs in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from ninja import Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import asks, reads, writes
from jiaozi.api.shape import Json, Name, Shape, Why, Wish, Words, id_of
from jiaozi.kernel.period import local_date
from jiaozi.party.rules import Scope
from jiaozi.policy import queries, rules
from jiaozi.policy import services as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules import Decision, Document
from jiaozi.policy.rules.reading import TEXT_LENGTH_MAX

router = Router(tags=["programmes"])
Slug = Annotated[str, Field(max_length=60)]
Digest = Annotated[str, Field(min_length=8, max_length=64, pattern="^[0-9a-fA-F]+$")]
Day = Annotated[date | None, Field(description="Asia/Shanghai date; today without it")]


class VersionShape(Shape):
    """One text of a programme that was ever in use."""

    id: UUID
    programme: str
    digest: str
    effective_from: date
    effective_to: date | None
    supersedes: UUID | None = id_of("supersedes")
    demo: bool = Field(description="whether demo values stand in for figures that nobody published")
    loaded_at: datetime


class ClauseShape(Shape):
    """A clause in plain words, with its source."""

    id: str
    label: Words
    grants: str
    source: str
    grade: str
    zh: list[str]
    en: list[str]


class FactShape(Shape):
    """A fact that applicants are asked for."""

    name: str
    kind: str
    label: Words


class ProgrammeShape(Shape):
    """A programme as it is in force."""

    slug: str
    title: Words
    version: VersionShape
    clauses: list[ClauseShape]
    facts: list[FactShape]
    unpublished: list[str] = Field(description="parameters that the city has not published")


class Versions(Shape):
    """A programme's versions, the latest first."""

    items: list[VersionShape]


class RuleChangeShape(Shape):
    """One difference between two versions, in words: whom it touches, and both texts."""

    name: str
    turn: str
    whom: Words
    about: Words
    before: Words | None
    after: Words | None


class Difference(Shape):
    """What changed between two versions of a programme."""

    before: str
    after: str
    changes: list[RuleChangeShape] = Field(description="at most 300")


class ProblemShape(Shape):
    """One thing wrong in a document; line and column count from 1."""

    line: int
    column: int
    path: str
    zh: str
    en: str


class CheckedDocumentShape(Shape):
    """A document that was looked at and not kept: its problems, or what it would change against the latest version."""

    problems: list[ProblemShape]
    effective_from: date | None
    effective_to: date | None
    changes: list[RuleChangeShape] = Field(description="at most 300")


class DocumentWish(Wish):
    """A programme's document."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]


class Situation(Wish):
    """What an applicant says of itself and of its need, as nested facts; amounts may be written like `30万`."""

    clause: Name | None = Field(None, description="one clause; the best of all without it")
    facts: Json
    on: Day = None


class DecisionShape(Shape):
    """A decision with every reason: clause → condition → facts → amount → which cap bound it."""

    outcome: str
    clause: str
    grants: str
    amount_fen: int | None = Field(description="null where a person has yet to decide it")
    reasons: list[Why]
    zh: list[str]
    en: list[str]
    tree: Json = Field(description="the whole decision, as it would be stored")


def decided(decision: Decision) -> DecisionShape:
    """Show a decision."""
    return DecisionShape.model_construct(
        outcome=decision.outcome.value,
        clause=decision.chosen,
        grants=decision.grants.value,
        amount_fen=decision.amount_fen,
        reasons=[Why.model_validate(reason) for reason in decision.reasons],
        zh=rules.explain(decision, "zh"),
        en=rules.explain(decision, "en"),
        tree=decision.to_json(),
    )


def _in_force(request: Asked, programme: str, on: date | None) -> ProgrammeVersion:
    return queries.current(programme, on or local_date(request.now))


@reads(router, "/programmes/{programme}", ProgrammeShape, public=True)
def get_programme(request: Asked, programme: Slug, on: Day = None) -> ProgrammeShape:
    """The programme as it is in force: clauses in plain words, the facts that they ask for, what is not published."""
    version = _in_force(request, programme, on)
    document = queries.document(version.id)
    return ProgrammeShape.model_construct(
        slug=document.slug,
        title=Words.model_validate(document.programme.title.label),
        version=VersionShape.model_validate(version),
        clauses=[_clause(document, clause) for clause in document.programme.clauses],
        facts=[
            FactShape.model_construct(name=name, kind=fact.kind.value, label=Words.model_validate(fact.label))
            for name, fact in document.programme.facts.items()
        ],
        unpublished=[name for name, parameter in document.programme.parameters.items() if parameter.unpublished],
    )


def _clause(document: Document, clause: Any) -> ClauseShape:
    return ClauseShape.model_construct(
        id=clause.id,
        label=Words.model_validate(clause.label),
        grants=clause.grants.value,
        source=clause.source.ref,
        grade=str(clause.source.grade),
        zh=rules.describe(document, clause.id, "zh"),
        en=rules.describe(document, clause.id, "en"),
    )


@reads(router, "/programmes/{programme}/versions", Versions, public=True)
def list_programme_versions(request: Asked, programme: Slug) -> Versions:  # noqa: ARG001 - an operation gets it
    """Every version of a programme that was adopted, the latest first, at most 100."""
    rows = queries.versions(programme)
    return Versions.model_construct(items=[VersionShape.model_validate(row) for row in rows])


@reads(router, "/programmes/{programme}/document", str, public=True, kind="text/plain; charset=utf-8")
def get_programme_document(request: Asked, programme: Slug, on: Day = None) -> str:
    """The programme's document itself, word for word."""
    return _in_force(request, programme, on).text


@asks(router, "/programmes/{programme}/decide", DecisionShape)
def decide_eligibility(request: Asked, programme: Slug, given: Situation) -> DecisionShape:
    """Am I eligible, for how much, and why? Answers without signing in and keeps nothing; caps count as unused."""
    on = given.on or local_date(request.now)
    version = queries.current(programme, on)
    document = queries.document(version.id)
    return decided(
        rules.decide(document, clause_id=given.clause, facts=given.facts, counters={}, on=on, allow_demo=version.demo)
    )


@reads(router, "/programmes/{programme}/diff", Difference, public=True)
def compare_programme_versions(request: Asked, programme: Slug, before: Digest, after: Digest) -> Difference:  # noqa: ARG001 - an operation gets it
    """Say in words what changed between two versions, named by the beginnings of their digests, and for whom."""
    old, new = (queries.by_digest(programme, each) for each in (before, after))
    changes = queries.changes(old, queries.document(new.id))
    return Difference.model_construct(before=old.digest, after=new.digest, changes=_changes(changes))


@writes(router, "/programme-documents/check", CheckedDocumentShape, scope=Scope.DECIDE)
def check_programme_document(request: Asked, given: DocumentWish) -> CheckedDocumentShape:
    """Look at a document as publishing would, without keeping it: every problem with its place, or what it changes."""
    try:
        found = queries.check(given.text, by=request.auth, demo=settings.JIAOZI_DEMO)
    except rules.UnableToReadProgramme as refused:
        problems = [ProblemShape.model_validate(each) for each in refused.problems]
        return CheckedDocumentShape(problems=problems, effective_from=None, effective_to=None, changes=[])
    return CheckedDocumentShape(
        problems=[], effective_from=found.first, effective_to=found.last, changes=_changes(found.changes)
    )


@writes(router, "/programme-documents/publish", VersionShape, scope=Scope.DECIDE)
def publish_programme_version(request: Asked, given: DocumentWish) -> VersionShape:
    """Take a document into use; its own first day, which may lie ahead, says from when it is in force."""
    row = policy.publish(text=given.text, by=request.auth, now=request.now, demo=settings.JIAOZI_DEMO)
    return VersionShape.model_validate(row)


def _changes(found: Sequence[rules.Change]) -> list[RuleChangeShape]:
    return [RuleChangeShape.model_validate(each) for each in found]

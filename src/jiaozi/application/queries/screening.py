"""What other dossiers have in common with one: the same file, the same contract, the same group asking. All bounded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from jiaozi.alert import queries as alerts
from jiaozi.alert.rules import Parameters
from jiaozi.application.models import Application, Evidence
from jiaozi.application.rules.evidence import FileKind
from jiaozi.application.rules.screening import LIVE, with_terms
from jiaozi.catalogue.models import Centre
from jiaozi.kernel.period import local_date
from jiaozi.party.models import Organisation
from jiaozi.policy import queries as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules import UnableToDecide, relation_terms

FILES_MAX = 200
CONTRACTS_MAX = 20_000
ASKS_MAX = 1_000
PAPERS_MAX = 50
LIKE_MAX = 10
PICTURES_MAX = 20_000
SQL = Path(__file__).resolve().parent.parent / "sql"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A paper of this dossier, and one of another dossier with the same bytes."""

    own_paper: UUID
    other_paper: UUID
    other: UUID
    other_holder: UUID
    paper: str
    digest: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What another dossier asked for, and when."""

    application: UUID
    holder: UUID
    amount_fen: int
    on: date


@dataclass(frozen=True, slots=True)
class PaperOf:
    """One paper of a dossier with what it is compared by: its text, or the fingerprint of its picture."""

    id: UUID
    application: UUID
    holder: UUID
    paper: str
    digest: str
    text: str
    picture: int | None


def shared_files(application: UUID) -> list[SharedFile]:
    """Give the papers of other live dossiers, of any programme, that have the bytes of one of this dossier's."""
    own = dict(Evidence.objects.filter(application_id=application).values_list("file_id", "id")[:FILES_MAX])
    papers = dict(Evidence.objects.filter(application_id=application).values_list("id", "paper")[:FILES_MAX])
    others = Evidence.objects.filter(file_id__in=own, application__state__in=LIVE).exclude(application_id=application)
    rows = others.order_by("at", "id").values_list("id", "application_id", "application__holder_id", "file_id")
    return [
        SharedFile(own[digest], id_, other, holder, papers[own[digest]], digest)
        for id_, other, holder, digest in rows[:FILES_MAX]
    ]


def contracts(programme: str, fact: str, besides: UUID) -> list[tuple[UUID, UUID, str]]:
    """Give dossier, holder and contract as written, of the programme's latest live dossiers but one."""
    rows = Application.objects.filter(programme=programme, state__in=LIVE).exclude(id=besides)
    named = rows.annotate(contract=KeyTextTransform(fact, "facts")).filter(contract__gt="")
    return list(named.order_by("-submitted_at", "-id").values_list("id", "holder_id", "contract")[:CONTRACTS_MAX])


def asked(programme: str, holders: Collection[UUID], since: datetime, until: datetime) -> list[Asked]:
    """Give what some holders asked for in live dossiers that came between two instants, as far as it is decided."""
    rows = Application.objects.filter(
        programme=programme,
        holder_id__in=holders,
        state__in=LIVE,
        amount_fen__isnull=False,
        submitted_at__gte=since,
        submitted_at__lt=until,
    )
    found = rows.order_by("submitted_at", "id").values_list("id", "holder_id", "amount_fen", "submitted_at")
    return [Asked(id_, holder, amount or 0, local_date(at)) for id_, holder, amount, at in found[:ASKS_MAX]]


def under_others(row: Application, contract: str, since: datetime, until: datetime) -> list[tuple[Asked, str, str]]:
    """Give what a dossier's holder asked for under other clauses in live dossiers, each with clause and contract."""
    rows = Application.objects.filter(
        programme=row.programme, holder_id=row.holder_id, state__in=LIVE, amount_fen__gt=0,
        submitted_at__gte=since, submitted_at__lt=until,
    ).exclude(clause=row.clause)  # fmt: skip
    found = rows.annotate(contract=KeyTextTransform(contract, "facts")).order_by("submitted_at", "id")
    values = found.values_list("id", "holder_id", "amount_fen", "submitted_at", "clause", "contract")
    return [
        (Asked(id_, holder, amount or 0, local_date(at)), clause, said or "")
        for id_, holder, amount, at, clause, said in values[:ASKS_MAX]
    ]


def stated(programme: str, holder: UUID, fact: str, since: datetime, until: datetime) -> list[Asked]:
    """Give what one holder stated as a money fact in live dossiers that came between two instants."""
    rows = Application.objects.filter(
        programme=programme, holder_id=holder, state__in=LIVE, submitted_at__gte=since, submitted_at__lt=until
    )
    found = (
        rows.annotate(stated=KeyTransform(fact, "facts")).filter(stated__isnull=False).order_by("submitted_at", "id")
    )
    values = found.values_list("id", "holder_id", "stated", "submitted_at")[:ASKS_MAX]
    return [Asked(id_, asker, fen, local_date(at)) for id_, asker, fen, at in values if isinstance(fen, int)]


def unread_files(application: UUID) -> list[tuple[str, FileKind]]:
    """Give the contents of a dossier's papers that nobody has read yet."""
    rows = Evidence.objects.filter(application_id=application, file__likeness__isnull=True).order_by("file_id")
    found = rows.values_list("file_id", "file__kind").distinct()[:PAPERS_MAX]
    return [(digest, FileKind(kind)) for digest, kind in found]


def likenesses(application: UUID) -> list[PaperOf]:
    """Give a dossier's own papers with their text and picture, as far as they could be read."""
    rows = Evidence.objects.filter(application_id=application, file__likeness__reason="")
    rows = rows.select_related("file__likeness", "application").order_by("at", "id")
    return [
        PaperOf(row.id, row.application_id, row.application.holder_id, row.paper, row.file_id,
                row.file.likeness.text, _bits(row.file.likeness.picture))
        for row in rows[:PAPERS_MAX]
    ]  # fmt: skip


def like_texts(application: UUID) -> dict[UUID, list[PaperOf]]:
    """Give the papers of other live dossiers, of any programme, whose text has most in common, by own paper.

    Of each the ``LIKE_MAX`` nearest by sketch, found by an index over all papers, in one statement.
    """
    words: dict[str, Any] = {"application": application, "live": sorted(LIVE), "most": LIKE_MAX, "papers": PAPERS_MAX}
    with connection.cursor() as cursor:
        cursor.execute((SQL / "like_texts.sql").read_text(encoding="utf-8"), words)
        rows = cursor.fetchall()
    found: dict[UUID, list[PaperOf]] = {}
    for own, id_, dossier, holder, paper, digest, text in rows:
        found.setdefault(own, []).append(PaperOf(id_, dossier, holder, paper, digest, text, None))
    return found


def pictures(application: UUID, papers: Collection[str]) -> list[PaperOf]:
    """Give the latest pictures of papers of these names in other live dossiers, of any programme."""
    rows = Evidence.objects.filter(
        file__likeness__picture__isnull=False, paper__in=papers, application__state__in=LIVE
    ).exclude(application_id=application)
    found = rows.order_by("-at", "-id").values_list(
        "id", "application_id", "application__holder_id", "paper", "file_id", "file__likeness__picture"
    )
    return [PaperOf(id_, dossier, holder, paper, digest, "", _bits(picture))
            for id_, dossier, holder, paper, digest, picture in found[:PICTURES_MAX]]  # fmt: skip


def _bits(picture: bytes | memoryview | None) -> int | None:
    return None if picture is None else int.from_bytes(bytes(picture), "big")


def organisation_named(supplier: str) -> UUID | None:
    """Find who a supplier is: by code, else as the registered operator of the centre with this id."""
    by_code = Organisation.objects.filter(uscc=supplier).values_list("id", flat=True).first()
    if by_code is not None:
        return by_code
    operator = Centre.objects.filter(id=supplier).exclude(operator="").values_list("operator", flat=True)
    return Organisation.objects.filter(name__in=operator[:1]).values_list("id", flat=True).first()


def thresholds(version_id: UUID, on: date) -> Parameters:
    """Give a programme's thresholds, the version's own definition of related parties before the house's."""
    version = ProgrammeVersion.objects.get(id=version_id)
    document, parameters = policy.document(version_id), alerts.parameters(version.programme)
    if document.programme.related is None:
        return parameters
    try:
        terms = relation_terms(document, on, allow_demo=version.demo)
    except UnableToDecide:  # the programme doesn't publish how near is related: the house's own depth holds
        return parameters
    return with_terms(parameters, terms.depth, terms.stake)


def operators_of(centres: Collection[str]) -> dict[str, UUID]:
    """Give the registered organisations that run some centres, by centre, in one statement."""
    rows = Centre.objects.filter(id__in=list(centres)).exclude(operator="")
    operators = dict(rows.values_list("id", "operator"))
    named = dict(Organisation.objects.filter(name__in=set(operators.values())).values_list("name", "id"))
    return {centre: named[name] for centre, name in operators.items() if name in named}

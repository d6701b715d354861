"""What other dossiers have in common with one: the same file, the same contract, the same group asking. All bounded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform, KeyTransform

from jiaozi.application.models import Application, Evidence
from jiaozi.application.rules.evidence import FileKind
from jiaozi.application.rules.screening import LIVE
from jiaozi.catalogue.models import Centre
from jiaozi.kernel.period import local_date
from jiaozi.party.models import Organisation

FILES_MAX = 200
CONTRACTS_MAX = 20_000
ASKS_MAX = 1_000
TABLES_MAX = 50


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
    """One text paper of a dossier, by its content's digest."""

    id: UUID
    application: UUID
    paper: str
    digest: str
    size_bytes: int


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


def tables(application: UUID) -> list[PaperOf]:
    """Give a dossier's own papers that are text (CSV)."""
    rows = Evidence.objects.filter(application_id=application, file__kind=FileKind.CSV).select_related("file")
    return [_paper_of(row) for row in rows.order_by("at", "id")[:TABLES_MAX]]


def tables_of_others(application: UUID, programme: str, papers: Collection[str]) -> list[PaperOf]:
    """Give the latest text papers of the same names in other live dossiers of a programme."""
    rows = Evidence.objects.filter(
        file__kind=FileKind.CSV, paper__in=papers, application__programme=programme, application__state__in=LIVE
    ).exclude(application_id=application)
    return [_paper_of(row) for row in rows.select_related("file").order_by("-at", "-id")[:TABLES_MAX]]


def _paper_of(row: Evidence) -> PaperOf:
    return PaperOf(row.id, row.application_id, row.paper, row.file_id, row.file.size_bytes)


def organisation_named(supplier: str) -> UUID | None:
    """Find who a supplier is: by code, else as the registered operator of the centre with this id."""
    by_code = Organisation.objects.filter(uscc=supplier).values_list("id", flat=True).first()
    if by_code is not None:
        return by_code
    operator = Centre.objects.filter(id=supplier).exclude(operator="").values_list("operator", flat=True)
    return Organisation.objects.filter(name__in=operator[:1]).values_list("id", flat=True).first()

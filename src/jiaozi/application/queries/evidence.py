"""Reading evidence: the papers of a step, a paper's content checked against its digest, the audit of all files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F

from jiaozi.application.models import Application, Evidence, EvidenceFile, PaperLikeness
from jiaozi.application.queries.reading import ROWS_MAX
from jiaozi.application.rules import evidence as rules
from jiaozi.ledger.queries import Finding
from jiaozi.party.rules import Actor, check_own_programme

FINDINGS_MAX = 100
_BLOCK_BYTES = 1 << 20
CHANGED = "a kept paper is what was handed in"


def folder() -> Path:
    """Give the folder that holds every content."""
    return Path(settings.JIAOZI_EVIDENCE)


def place_of(digest: str) -> Path:
    """Give a content's own file: two levels of folders, so that none grows large."""
    return folder() / digest[:2] / digest[2:4] / digest


def evidence(id: UUID) -> Evidence:  # noqa: A002 - the column's own name
    """Give one paper with its file and dossier.

    Raises
    ------
    UnableToReadEvidence
        When there is none.
    """
    found = Evidence.objects.filter(id=id).select_related("file", "application").first()
    if found is None:
        raise rules.UnableToReadEvidence("NO_SUCH_EVIDENCE", f"没有材料{id}", f"no paper {id}", field="evidence")
    return found


def papers(application_id: UUID, about: UUID | None = None, *, limit: int = rules.PAPERS_MAX) -> list[Evidence]:
    """Give a dossier's own papers about itself, or one claim or stage of it, oldest first, in one statement."""
    rows = Evidence.objects.filter(application_id=application_id, about=about or application_id)
    rows = rows.select_related("file").order_by("at", "id")
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def is_dossier(about: UUID | None) -> bool:
    """Say whether what a paper is about is a dossier, not a claim or stage of one."""
    return about is not None and Application.objects.filter(id=about).exists()


def papers_given(application_id: UUID, about: UUID) -> frozenset[str]:
    """Name the papers that there are about one thing of a dossier."""
    rows = Evidence.objects.filter(application_id=application_id, about=about)
    return frozenset(rows.values_list("paper", flat=True).distinct()[:ROWS_MAX])


def papers_given_to(ids: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """Name the papers that there are about each of some dossiers themselves, in one statement."""
    rows = Evidence.objects.filter(application_id__in=list(ids), about=F("application_id"))
    found: dict[UUID, set[str]] = {}
    for application, paper in rows.values_list("application_id", "paper").distinct()[: ROWS_MAX * rules.PAPERS_MAX]:
        found.setdefault(application, set()).add(paper)
    return {application: frozenset(given) for application, given in found.items()}


def content(evidence_id: UUID, *, by: Actor) -> tuple[Evidence, bytes]:
    """Give a paper and its bytes, which are checked against the digest on every reading.

    Raises
    ------
    UnableToReadEvidence
        When it is another's, the file is lost, or a byte was changed: the digest is named.
    """
    row = evidence(evidence_id)
    rules.check_may_read(by, row.application.holder_id)
    check_own_programme(by, row.application.programme)
    return row, checked_content(row.file_id)


def is_read(digest: str) -> bool:
    """Say whether a content's likeness is kept already."""
    return PaperLikeness.objects.filter(file_id=digest).exists()


def checked_content(digest: str) -> bytes:
    """Give a content that still has its digest.

    Raises
    ------
    UnableToReadEvidence
        When it is lost or was changed.
    """
    try:
        found = place_of(digest).read_bytes()
    except FileNotFoundError:
        raise rules.lost(digest) from None
    now = hashlib.sha256(found).hexdigest()
    if now != digest:
        raise rules.changed(digest, now)
    return found


def audit_evidence() -> list[Finding]:
    """Read every kept file once, block by block, and name those that are lost or changed; at most a hundred."""
    findings = []
    for digest in EvidenceFile.objects.order_by("digest").values_list("digest", flat=True).iterator():
        found = _digest_now(place_of(digest))
        if found != digest:
            findings.append(Finding(CHANGED, digest, found))
        if len(findings) >= FINDINGS_MAX:
            break
    return findings


def _digest_now(path: Path) -> str:
    sum_ = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                sum_.update(block)
    except FileNotFoundError:
        return "lost"
    return sum_.hexdigest()

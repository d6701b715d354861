"""Handing a paper in: the content goes to its own place by digest, the row says for what; one journal line."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from jiaozi.application import queries
from jiaozi.application.models import Application, Evidence, EvidenceFile
from jiaozi.application.queries import evidence as reads
from jiaozi.application.rules import evidence as rules
from jiaozi.application.services import likeness
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.text import kept_text
from jiaozi.party.rules import Actor
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Paper, papers_due, papers_missing
from jiaozi.policy.rules.words import StepOfLife


def attach(
    *,
    application_id: UUID,
    step: StepOfLife,
    paper: str,
    name: str,
    content: bytes,
    by: Actor,
    now: datetime,
    about: UUID | None = None,
) -> Evidence:
    """Take a paper in; ``about`` names the claim or stage that it proves, the dossier itself where left out.

    The same content twice is one file with two rows. The content is on disk before the row is, so that a row never
    names a file that isn't there.

    Raises
    ------
    UnableToKeepEvidence
        When it is another's dossier, or about another, the step asks for no such paper, or the content is not of a
        kind that it takes.
    """
    kind = rules.kind_of(content)
    rules.check_may_attach(by, queries.application(application_id).holder_id)  # before anything of it is read
    read = None if reads.is_read(hashlib.sha256(content).hexdigest()) else likeness.read(content, kind)
    paper = kept_text(paper, "paper", most=rules.PAPER_ID_MAX, refusal=rules.UnableToKeepEvidence)
    with transaction.atomic():
        row = queries.application(application_id, lock=True)
        rules.check_may_attach(by, row.holder_id)
        rules.check_format(_asked(row, step, paper, now), kind)
        rules.check_about(another=about != row.id and reads.is_dossier(about))
        rules.check_room(len(reads.papers(row.id, about)))
        digest = _keep(content)
        EvidenceFile.objects.bulk_create(
            [EvidenceFile(digest=digest, kind=kind, size_bytes=len(content), kept_at=now)], ignore_conflicts=True
        )
        if read is not None:
            likeness.keep(digest, read, now)
        kept = Evidence.objects.create(
            id=new_id(),
            application=row,
            about=about or row.id,
            step=step,
            paper=paper,
            name=rules.clean_name(name, kind),
            file_id=digest,
            handed_in_by=by.name,
            at=now,
        )
        body = {"about": str(kept.about), "application": str(row.id), "bytes": len(content), "paper": paper}
        body |= {"sha256": digest, "step": str(step)}
        journal.write(Line("application", "attach", kept.id, "", "", by.name, now, body))
    return kept


def _asked(row: Application, step: StepOfLife, wanted: str, now: datetime) -> Paper:
    clause = policy.document(row.version_id).clause(row.clause)
    needed: list[str] = []
    if step in {StepOfLife.APPLY, StepOfLife.ISSUE} and clause.recorded:
        needed += clause.recorded.needs
    if step is StepOfLife.SETTLE:
        needed += [name for stage in clause.stages for name in stage.needs]
    return rules.paper_asked(_due(row, step, now), needed, wanted, _named(row, wanted, step))


def _named(row: Application, wanted: str, step: StepOfLife) -> Paper:
    """Give a paper as the document describes it, whatever the step; one that it doesn't know may have any form."""
    document = policy.document(row.version_id)
    described = (*document.clause(row.clause).evidence, *document.programme.evidence)
    found = next((paper for paper in described if paper.id == wanted), None)
    if found is None:
        return Paper(wanted, Label(wanted, wanted), step, ())
    return Paper(found.id, found.label, step, found.formats)


def _due(row: Application, step: StepOfLife, now: datetime) -> tuple[Paper, ...]:
    document = policy.document(row.version_id)
    return papers_due(document, row.clause, step, row.facts, local_date(now), allow_demo=row.version.demo)


def require_papers(*, application: Application, steps: tuple[StepOfLife, ...], about: UUID, now: datetime) -> None:
    """Refuse a step whose papers are not all there; a verb asks this before it decides.

    Raises
    ------
    UnableToKeepEvidence
        Naming the papers that are missing.
    """
    due = [paper for step in steps for paper in _due(application, step, now)]
    if due:
        rules.check_papers(papers_missing(due, reads.papers_given(application.id, about)))


def _keep(content: bytes) -> str:
    """Put a content at its place, whole or not at all, and on the disk when this returns; gives its digest."""
    digest = hashlib.sha256(content).hexdigest()
    place = reads.place_of(digest)
    if place.exists():
        reads.checked_content(digest)  # what was changed is reported, never mended silently
        return digest
    _make_folders(place.parent)
    descriptor, half = tempfile.mkstemp(dir=place.parent, prefix=".half-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody else kept the same content at the same time
            place.hardlink_to(half)
    finally:
        Path(half).unlink()
    _sync(place.parent)
    return digest


def _make_folders(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in missing:
        _sync(each.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

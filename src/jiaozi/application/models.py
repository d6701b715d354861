"""Applications: the dossier, the programme version it is pinned to, the decision with its reasons; and its papers."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from jiaozi.application.rules import State
from jiaozi.application.rules.evidence import DIGEST_LENGTH, NAME_MAX, PAPER_ID_MAX, FileKind
from jiaozi.application.rules.likeness import PICTURE_BYTES, SKETCH_SIZE
from jiaozi.application.rules.likeness import REASON_MAX as LIKENESS_REASON_MAX
from jiaozi.party.models import Organisation
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules.words import StepOfLife


class Application(models.Model):
    """One application under one clause. ``decision`` is the latest tree; each that was made is a ``KeptDecision``."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    clause = models.CharField(max_length=60)
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="applications")
    facts = models.JSONField()
    state = models.CharField(max_length=16, choices=[(each.value, str(each.label)) for each in State])
    applied_by = models.CharField(max_length=80)
    submitted_at = models.DateTimeField()
    notice_until = models.DateTimeField(null=True)
    amount_fen = models.BigIntegerField(null=True)
    decision = models.JSONField(null=True)
    reasons = models.JSONField(default=list)
    hand = models.JSONField(null=True)
    once_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL: no one-off clause
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "application"
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="application_by_state"),
            models.Index(fields=["programme", "-submitted_at"], name="application_by_programme"),
        ]
        constraints = [
            models.CheckConstraint(name="application_state", condition=Q(state__in=list(State))),
            models.UniqueConstraint(
                name="application_once", fields=["programme", "once_key"], condition=Q(state="APPROVED")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause} {self.state}"


class KeptDecision(models.Model):
    """One decision of the policy on a dossier, as it was made at a step: never edited, and it can be made again."""

    id = models.UUIDField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=10)
    decision = models.JSONField()
    digest = models.CharField(max_length=DIGEST_LENGTH)
    at = models.DateTimeField()

    class Meta:
        db_table = "application_decision"
        indexes = [models.Index(fields=["application", "id"], name="decision_by_application")]
        constraints = [
            models.CheckConstraint(name="decision_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(name="decision_step", condition=Q(step__in=["review", "approve"])),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.digest[:12]}"


class EvidenceFile(models.Model):
    """One content, named by its SHA-256; the bytes lie in the evidence folder, once however often handed in."""

    digest = models.CharField(max_length=DIGEST_LENGTH, primary_key=True)
    kind = models.CharField(max_length=4, choices=[(each.value, each.value) for each in FileKind])
    size_bytes = models.IntegerField()
    kept_at = models.DateTimeField()

    class Meta:
        db_table = "evidence_file"
        constraints = [
            models.CheckConstraint(name="evidence_file_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(name="evidence_file_kind", condition=Q(kind__in=list(FileKind))),
            models.CheckConstraint(name="evidence_file_size", condition=Q(size_bytes__gt=0)),
        ]

    def __str__(self) -> str:
        return self.digest


class PaperLikeness(models.Model):
    """What a content says and looks like, made from it once, to find another that is nearly the same.

    It is derived, so it may be deleted and made again; the text may hold personal facts. ``reason`` says why a content
    could not be read.
    """

    file = models.OneToOneField(EvidenceFile, primary_key=True, on_delete=models.PROTECT, related_name="likeness")
    text = models.TextField(blank=True)
    sketch = ArrayField(models.BigIntegerField(), size=SKETCH_SIZE)
    picture = models.BinaryField(null=True, max_length=PICTURE_BYTES)
    reason = models.CharField(max_length=LIKENESS_REASON_MAX, blank=True)
    read_at = models.DateTimeField()

    class Meta:
        db_table = "evidence_likeness"
        indexes = [
            GinIndex(fields=["sketch"], name="likeness_by_sketch", fastupdate=False),
            models.Index(fields=["file"], name="likeness_pictured", condition=Q(picture__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.file_id


class Evidence(models.Model):
    """One handing-in of a paper: for which dossier, at which step, about what (the dossier, a claim, a stage)."""

    id = models.UUIDField(primary_key=True)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="evidence")
    about = models.UUIDField()
    step = models.CharField(max_length=8, choices=[(each.value, each.value) for each in StepOfLife])
    paper = models.CharField(max_length=PAPER_ID_MAX)
    name = models.CharField(max_length=NAME_MAX)
    file = models.ForeignKey(EvidenceFile, on_delete=models.PROTECT, related_name="evidence")
    handed_in_by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "evidence"
        indexes = [models.Index(fields=["about", "at"], name="evidence_by_subject")]
        constraints = [models.CheckConstraint(name="evidence_step", condition=Q(step__in=list(StepOfLife)))]

    def __str__(self) -> str:
        return f"{self.paper}: {self.name}"

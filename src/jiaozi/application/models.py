"""Applications: the dossier, the programme version it is pinned to, the decision with its reasons."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from jiaozi.application.rules import State
from jiaozi.party.models import Organisation
from jiaozi.policy.models import ProgrammeVersion


class Application(models.Model):
    """One application under one clause. ``decision`` is the latest tree; the journal has the digest of each."""

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

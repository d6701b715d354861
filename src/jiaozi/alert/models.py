"""Alerts, and the thresholds that a programme set; what was raised is never edited (``sql/guard.sql``)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.alert.rules import AlertKind, Level, State, SubjectKind
from jiaozi.alert.rules.life import RESOLUTION_MAX
from jiaozi.alert.rules.suspicion import REASON_MAX, SUBJECT_MAX

_NAME_MAX = 80


class Alert(models.Model):
    """One suspicion about one subject. Only its resolution is ever written to a row, once."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=[(each.value, str(each.label)) for each in AlertKind])
    subject_kind = models.CharField(max_length=12, choices=[(each.value, each.value) for each in SubjectKind])
    subject_id = models.CharField(max_length=SUBJECT_MAX)
    level = models.CharField(max_length=6, choices=[(each.value, each.value) for each in Level])
    reason_zh = models.CharField(max_length=REASON_MAX)
    reason_en = models.CharField(max_length=REASON_MAX)
    figures = models.JSONField()
    thresholds = models.JSONField()
    evidence = models.JSONField()
    asked_by = models.CharField(max_length=_NAME_MAX, blank=True)
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=_NAME_MAX)
    rule = models.CharField(max_length=40)
    rule_version = models.IntegerField()
    digest = models.BinaryField(max_length=32)
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in State])
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=_NAME_MAX, blank=True)
    resolution = models.CharField(max_length=RESOLUTION_MAX, blank=True)

    class Meta:
        db_table = "alert"
        indexes = [
            models.Index(fields=["subject_id", "subject_kind"], name="alert_by_subject"),
            models.Index(fields=["programme", "-id"], name="alert_open", condition=Q(state="OPEN")),
            models.Index(fields=["programme", "-id"], name="alert_by_programme"),
        ]
        constraints = [
            models.UniqueConstraint(name="alert_once", fields=["digest"]),
            models.CheckConstraint(name="alert_kind", condition=Q(kind__in=list(AlertKind))),
            models.CheckConstraint(
                name="alert_subject", condition=Q(subject_kind__in=list(SubjectKind)) & ~Q(subject_id="")
            ),
            models.CheckConstraint(name="alert_level", condition=Q(level__in=list(Level))),
            models.CheckConstraint(name="alert_reasoned", condition=~Q(reason_zh="") & ~Q(reason_en="")),
            models.CheckConstraint(
                name="alert_resolved_with_a_reason",
                condition=Q(state=State.OPEN, resolved_at__isnull=True, resolved_by="", resolution="")
                | Q(state__in=[State.DISMISSED, State.CONFIRMED], resolved_at__isnull=False)
                & ~Q(resolved_by="")
                & ~Q(resolution="")
                & ~Q(resolved_by=F("asked_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind} {self.subject_id}"


class ParameterSet(models.Model):
    """A programme's thresholds from an instant on; the latest holds, and a change is a new row."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    number = models.IntegerField()
    values = models.JSONField()
    reason = models.CharField(max_length=RESOLUTION_MAX)
    set_by = models.CharField(max_length=_NAME_MAX)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "alert_parameters"
        constraints = [models.UniqueConstraint(name="alert_parameters_once", fields=["programme", "number"])]

    def __str__(self) -> str:
        return f"{self.programme} {self.number}"

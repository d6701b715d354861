"""Kept runs of the lab: the scenario as it was asked for, how far it is, and the files that it came to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from jiaozi.lab.rules.keeping import FILE_NAME_MAX, MESSAGE_MAX, TITLE_MAX, RunState


class LabRun(models.Model):
    """One run. ``done`` of ``steps`` is its progress; ``message`` says why it failed, in both languages."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    scenario = models.CharField(max_length=60)
    title_zh = models.CharField(max_length=TITLE_MAX)
    title_en = models.CharField(max_length=TITLE_MAX)
    text = models.TextField()
    seeds = models.IntegerField()
    state = models.CharField(max_length=8, choices=[(each.value, str(each.label)) for each in RunState])
    done = models.IntegerField(default=0)
    steps = models.IntegerField(default=0)
    message_zh = models.CharField(max_length=MESSAGE_MAX, blank=True)
    message_en = models.CharField(max_length=MESSAGE_MAX, blank=True)
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lab_run"
        indexes = [models.Index(fields=["programme", "-asked_at", "-id"], name="lab_run_by_programme")]
        constraints = [models.CheckConstraint(name="lab_run_state", condition=Q(state__in=list(RunState)))]

    def __str__(self) -> str:
        return f"{self.scenario} {self.state}"


class LabFile(models.Model):
    """One file of a run, compressed."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(LabRun, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=FILE_NAME_MAX)
    size_bytes = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "lab_file"
        constraints = [models.UniqueConstraint(name="lab_file_once", fields=["run", "name"])]

    def __str__(self) -> str:
        return self.name

"""The journal's table: append-only by grant and by trigger (``sql/append_only.sql``)."""

from __future__ import annotations

from django.db import models


class JournalLine(models.Model):
    """One line; the hidden column ``tx`` lets a sealer wait for older transactions."""

    id = models.UUIDField(primary_key=True)
    stage = models.CharField(max_length=20)
    verb = models.CharField(max_length=40)
    subject = models.UUIDField()
    before = models.CharField(max_length=30, blank=True)
    after = models.CharField(max_length=30, blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    body = models.JSONField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        db_table = "journal_line"
        indexes = [models.Index(fields=["subject", "id"], name="journal_by_subject")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.stage}.{self.verb} {self.subject}"

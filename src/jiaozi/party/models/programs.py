"""What was answered to programs, for as long as they may ask again, and how often they asked in this minute."""

from __future__ import annotations

from django.db import models


class KeptAnswer(models.Model):
    """The answer to one write under one key; its row is written in the write's own transaction."""

    id = models.UUIDField(primary_key=True)
    asker = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32)
    asked_at = models.DateTimeField(db_index=True)
    status = models.SmallIntegerField(default=0)
    body = models.TextField(blank=True)

    class Meta:
        db_table = "party_kept_answer"

    def __str__(self) -> str:
        return f"{self.asker} {self.asked_at:%Y-%m-%d %H:%M:%S} {self.status}"


class PaceCount(models.Model):
    """How often one caller asked in one window; ``caller`` is a digest of its token or address."""

    caller = models.BinaryField(primary_key=True, max_length=32)
    window = models.BigIntegerField()
    used = models.IntegerField()

    class Meta:
        db_table = "party_pace_count"

    def __str__(self) -> str:
        return f"{self.window}: {self.used}"

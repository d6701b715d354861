"""The chain of seals, the totals that grow with it, and the signed word on how far it reaches.

Entries and checkpoints only grow (``sql/guard.sql``). Totals are sums over entries, kept so that a page costs the same
whatever was sealed; ``queries.audit`` holds them equal.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from jiaozi.transparency.rules import By, Measure, Source

_NAME_MAX = 60
_KEY_MAX = 100


class Chain(models.Model):
    """The one row that says how far was sealed; whoever seals holds it."""

    id = models.SmallIntegerField(primary_key=True)
    n = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32)
    journal_tx = models.CharField(max_length=20, default="0")
    journal_id = models.UUIDField()
    transfer_tx = models.CharField(max_length=20, default="0")
    transfer_id = models.UUIDField()
    at = models.DateTimeField(null=True)

    class Meta:
        db_table = "transparency_chain"
        constraints = [models.CheckConstraint(name="transparency_one_chain", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.n} {bytes(self.head).hex()}"


class Entry(models.Model):
    """One sealed entry. What it counts for stands beside it, as it was when it was sealed."""

    n = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Source])
    entry = models.UUIDField()
    subject = models.UUIDField(null=True)
    leaf = models.BinaryField(max_length=32)
    head = models.BinaryField(max_length=32)
    shown = models.BooleanField()
    at = models.DateTimeField()
    day = models.DateField()
    programme = models.CharField(max_length=_NAME_MAX, blank=True)
    year = models.SmallIntegerField(null=True)
    measure = models.CharField(max_length=10, blank=True)
    fen = models.BigIntegerField(default=0)
    held_fen = models.BigIntegerField(default=0)
    hold_fen = models.BigIntegerField(default=0)
    clause = models.CharField(max_length=_NAME_MAX, blank=True)
    holder_class = models.CharField(max_length=20, blank=True)
    centre = models.CharField(max_length=_NAME_MAX, blank=True)
    parts = models.TextField(blank=True)

    class Meta:
        db_table = "transparency_entry"
        indexes = [
            models.Index(fields=["entry"], name="sealed_by_entry"),
            models.Index(fields=["subject", "n"], name="sealed_by_subject"),
            models.Index(fields=["leaf"], name="sealed_by_leaf"),
            models.Index(fields=["programme", "year", "measure", "-n"], name="sealed_by_measure", condition=~Q(fen=0)),
            models.Index(fields=["programme", "year", "-n"], name="sealed_holding", condition=~Q(held_fen=0)),
            models.Index(fields=["programme", "clause", "-n"], name="sealed_by_clause", condition=~Q(clause="")),
            models.Index(
                fields=["programme", "holder_class", "-n"], name="sealed_by_class", condition=~Q(holder_class="")
            ),
            models.Index(fields=["programme", "centre", "-n"], name="sealed_by_centre", condition=~Q(centre="")),
        ]
        constraints = [
            models.UniqueConstraint(name="sealed_once", fields=["source", "entry"]),
            models.CheckConstraint(name="sealed_source", condition=Q(source__in=[Source.JOURNAL, Source.TRANSFER])),
        ]

    def __str__(self) -> str:
        return f"{self.n} {self.source} {self.entry}"


class Total(models.Model):
    """The sum of what entries count for, of one measure in one year, whole or by one key."""

    programme = models.CharField(max_length=_NAME_MAX)
    year = models.SmallIntegerField()
    by = models.CharField(max_length=6, choices=[(each.value, each.value) for each in By])
    key = models.CharField(max_length=_KEY_MAX, blank=True)
    measure = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in Measure])
    fen = models.BigIntegerField()
    entries = models.BigIntegerField()

    class Meta:
        db_table = "transparency_total"
        constraints = [
            models.UniqueConstraint(name="one_total_a_key", fields=["programme", "year", "by", "key", "measure"])
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.year} {self.by} {self.key} {self.measure}: {self.fen}"


class CheckpointRow(models.Model):
    """One signed checkpoint."""

    n = models.BigIntegerField(primary_key=True)
    head = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)

    class Meta:
        db_table = "transparency_checkpoint"

    def __str__(self) -> str:
        return f"{self.n} {self.at:%Y-%m-%d %H:%M:%S}"

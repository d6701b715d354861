"""The ledger's two tables. They belong to the role ``jiaozi_ledger``; the application reads them and calls functions.

The functions, grants and triggers are in ``sql/``. No foreign keys: only the functions write, and they check.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class LedgerAccount(models.Model):
    """Four counters, all in fen; the two checks are the account's bound."""

    id = models.UUIDField(primary_key=True)
    book = models.CharField(max_length=8)
    kind = models.CharField(max_length=20)
    programme = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    debits_within_credits = models.BooleanField()
    credits_within_debits = models.BooleanField()
    debits_pending = models.BigIntegerField(db_default=0)
    debits_posted = models.BigIntegerField(db_default=0)
    credits_pending = models.BigIntegerField(db_default=0)
    credits_posted = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.CheckConstraint(
                # Posted counters only grow; a pending one below zero would be a hold resolved twice.
                name="ledger_account_pending",
                condition=Q(debits_pending__gte=0, credits_pending__gte=0),
            ),
            models.CheckConstraint(
                name="ledger_account_debits_within_credits",
                condition=Q(debits_within_credits=False)
                | Q(credits_posted__gte=F("debits_pending") + F("debits_posted")),
            ),
            models.CheckConstraint(
                name="ledger_account_credits_within_debits",
                condition=Q(credits_within_debits=False)
                | Q(debits_posted__gte=F("credits_pending") + F("credits_posted")),
            ),
            models.UniqueConstraint(name="ledger_account_name", fields=["programme", "kind", "subject"]),
        ]

    def __str__(self) -> str:
        return f"{self.programme}/{self.kind}/{self.subject}"


class LedgerTransfer(models.Model):
    """One movement. ``kind`` is a ``TransferKind``; the hidden column ``tx`` lets a sealer wait for older writers."""

    id = models.UUIDField(primary_key=True)
    chain_id = models.UUIDField()
    kind = models.SmallIntegerField()
    debit_id = models.UUIDField()
    credit_id = models.UUIDField()
    amount_fen = models.BigIntegerField()
    hold_id = models.UUIDField(null=True)
    event = models.CharField(max_length=40)
    reference = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_transfer"
        constraints = [
            models.CheckConstraint(name="ledger_transfer_amount", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="ledger_transfer_kind",
                condition=Q(kind__in=[1, 2], hold_id__isnull=True) | Q(kind__in=[3, 4], hold_id__isnull=False),
            ),
            models.UniqueConstraint(
                name="ledger_transfer_one_resolution", fields=["hold_id"], condition=Q(hold_id__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["debit_id"], name="ledger_transfer_debit"),
            models.Index(fields=["credit_id"], name="ledger_transfer_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.amount_fen} fen"

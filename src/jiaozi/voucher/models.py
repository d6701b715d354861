"""Vouchers: what was granted to whom, on which decision; the balance is in the ledger."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q

from jiaozi.application.models import Application
from jiaozi.party.models import Organisation
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.voucher.rules import REASON_MAX, State


class Voucher(models.Model):
    """One voucher. ``caps`` are the decision's caps that later steps must still be measured against."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="+")
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="voucher")
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="vouchers")
    clause = models.CharField(max_length=60)
    face_fen = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in State])
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    issued_at = models.DateTimeField()
    valid_until = models.DateField()

    class Meta:
        db_table = "voucher"
        indexes = [
            models.Index(fields=["programme", "-issued_at", "-id"], name="voucher_by_programme"),
            models.Index(fields=["valid_until"], name="voucher_ending", condition=Q(state__in=["ACTIVE", "FROZEN"])),
        ]
        constraints = [
            models.CheckConstraint(name="voucher_state", condition=Q(state__in=list(State))),
            models.CheckConstraint(name="voucher_face", condition=Q(face_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people read: the end of the id."""
        return number_of(self.id)


NUMBER_DIGITS = 12
"""Of the number that people read; an index over the end of the id serves it."""


def number_of(id_: UUID) -> str:
    """Give the readable number of an id: its last twelve characters in three groups."""
    tail = id_.hex[-NUMBER_DIGITS:].upper()
    return f"{tail[:4]}-{tail[4:8]}-{tail[8:]}"

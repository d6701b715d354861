"""Totals that are kept, so that a year's figures cost the same however many vouchers there are.

``sql/totals.sql`` says what counts for them and how they are read, ``services.keep_totals`` adds to them, the audit
holds them equal to the rows.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Kept(models.Model):
    """The one row that says how far the totals reach: every transaction before ``tx`` is in them, none from it on."""

    id = models.SmallIntegerField(primary_key=True)
    tx = models.BigIntegerField()

    class Meta:
        db_table = "settlement_kept"
        constraints = [models.CheckConstraint(name="settlement_one_kept", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.tx)


class YearTotal(models.Model):
    """What one day brought to the vouchers of one year and clause, in fen; ``day`` is Shanghai's.

    ``returned_fen`` is part of ``ended_fen``, ``paid_fen`` of ``used_fen``. Awards have no clause here.
    """

    programme = models.CharField(max_length=60)
    year = models.SmallIntegerField()
    clause = models.CharField(max_length=60, blank=True)
    day = models.DateField()
    vouchers = models.BigIntegerField()
    granted_fen = models.BigIntegerField()
    held_fen = models.BigIntegerField()
    used_fen = models.BigIntegerField()
    ended_fen = models.BigIntegerField()
    returned_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField()
    awarded_fen = models.BigIntegerField()
    award_paid_fen = models.BigIntegerField()

    class Meta:
        db_table = "settlement_year_total"
        constraints = [
            models.UniqueConstraint(name="one_year_total_a_day", fields=["programme", "year", "clause", "day"])
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.year} {self.clause} {self.day}"


class CentreTotal(models.Model):
    """How much was captured for a programme at a centre in all."""

    programme = models.CharField(max_length=60)
    centre = models.CharField(max_length=60)
    captures = models.BigIntegerField()
    fen = models.BigIntegerField()

    class Meta:
        db_table = "settlement_centre_total"
        constraints = [models.UniqueConstraint(name="one_total_a_centre", fields=["programme", "centre"])]

    def __str__(self) -> str:
        return f"{self.programme} {self.centre}: {self.captures}"

"""Years that were closed: such a year takes no advance any more, and is closed once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ClosedYear(models.Model):
    """A programme's year that was closed, with the budget that lapsed; its id follows from both names."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    year = models.IntegerField()
    lapsed_fen = models.BigIntegerField()
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "settlement_closed_year"
        constraints = [
            models.UniqueConstraint(name="closed_year_once", fields=["programme", "year"]),
            models.CheckConstraint(name="closed_year_lapsed", condition=Q(lapsed_fen__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.year}"

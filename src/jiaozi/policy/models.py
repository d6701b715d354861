"""Programme versions: each text that was ever in use, whole and unchanged (``sql/immutable.sql``)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

LOADED_BY_MAX = 80


class ProgrammeVersion(models.Model):
    """One adopted text. ``demo`` allows the demo values of unpublished figures; a real programme has it off."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    demo = models.BooleanField()
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=LOADED_BY_MAX)

    class Meta:
        db_table = "policy_version"
        constraints = [
            models.UniqueConstraint(name="policy_version_once", fields=["digest", "demo"]),
            models.CheckConstraint(name="policy_version_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(
                name="policy_version_dates",
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
            ),
        ]
        indexes = [models.Index(fields=["programme", "-loaded_at"], name="policy_by_programme")]

    def __str__(self) -> str:
        return f"{self.programme} {self.digest[:12]}"

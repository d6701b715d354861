"""Keep what was decided about a job that its centre bears itself, and never edit it."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

_SQL = Path(__file__).resolve().parent.parent / "sql"
_UNGUARD = """
DROP TRIGGER lease_loss_ruling_no_change ON lease_loss_ruling;
DROP TRIGGER lease_loss_ruling_no_truncate ON lease_loss_ruling;
"""


class Migration(migrations.Migration):
    dependencies = [("lease", "0003_told")]
    operations = [
        migrations.CreateModel(
            name="LeaseLossRuling",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "verdict",
                    models.CharField(
                        choices=[("BORNE", "由中心承担，已了结 · borne by the centre, closed"), ("DISPUTED", "中心有异议，未了结 · disputed by the centre, open")], max_length=8
                    ),
                ),
                ("reason", models.CharField(max_length=400)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rulings", to="lease.leasejob"
                    ),
                ),
            ],
            options={
                "db_table": "lease_loss_ruling",
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(reason="") & ~Q(by=""), name="lease_loss_ruling_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=Q(verdict__in=["BORNE", "DISPUTED"]), name="lease_loss_ruling_verdict"
                    ),
                    models.UniqueConstraint(
                        condition=Q(verdict="BORNE"), fields=("job",), name="lease_loss_closed_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL((_SQL / "guard_loss.sql").read_text(encoding="utf-8"), _UNGUARD),
    ]

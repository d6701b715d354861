"""Orders that stand still: since when an engine does not know a job, and what people decided about it."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

_SQL = Path(__file__).resolve().parent.parent / "sql"
_UNFINISHED = ["HELD", "SUBMITTED", "QUEUED", "RUNNING", "ENDED", "METERED"]
_VERDICTS = ["RELEASE", "LOSE", "FOLLOW"]


class Migration(migrations.Migration):
    dependencies = [("order", "0002_quote_terms")]
    operations = [
        migrations.AddField("order", "missing_since", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["moved_at", "id"], name="order_standing", condition=models.Q(state__in=_UNFINISHED)
            ),
        ),
        migrations.CreateModel(
            name="OrderRuling",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("verdict", models.CharField(choices=[(each, each) for each in _VERDICTS], max_length=10)),
                ("reason", models.CharField(max_length=400)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rulings", to="order.order"
                    ),
                ),
            ],
            options={
                "db_table": "order_ruling",
                "constraints": [
                    models.CheckConstraint(
                        name="order_ruling_has_a_reason",
                        condition=~models.Q(reason="") & ~models.Q(by=""),
                    ),
                    models.CheckConstraint(
                        name="order_ruling_verdict", condition=models.Q(verdict__in=_VERDICTS)
                    ),
                ],
            },
        ),
        migrations.RunSQL((_SQL / "guard.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]

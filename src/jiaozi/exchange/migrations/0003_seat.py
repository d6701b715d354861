"""Give centres seats: the organisation that each trades as."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0003_link_probe"),
        ("exchange", "0002_guard"),
        ("party", "0004_people"),
    ]
    operations = [
        migrations.CreateModel(
            name="Seat",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("programme", models.CharField(max_length=60)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalogue.centre"
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="party.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "exchange_seat",
                "indexes": [models.Index(fields=["programme", "centre", "-at", "-id"], name="exchange_seat_of")],
            },
        ),
        migrations.RunSQL(
            (_SQL / "seat.sql").read_text(encoding="utf-8"), "DROP TRIGGER exchange_seat_kept ON exchange_seat"
        ),
    ]

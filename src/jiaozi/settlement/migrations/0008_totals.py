"""Keep totals of years and of centres, and add up what there is."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

_SQL = Path(__file__).resolve().parent.parent / "sql"


def _fill(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute((_SQL / "keep.sql").read_text(encoding="utf-8"), {"since": 0})


def _fen(*names):
    return [(name, models.BigIntegerField()) for name in names]


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0007_confirmation"),
        ("metering", "0008_transaction"),
        ("ledger", "0002_functions"),
        ("voucher", "0002_guard"),
    ]
    operations = [
        migrations.CreateModel(
            "Kept",
            [("id", models.SmallIntegerField(primary_key=True, serialize=False)), ("tx", models.BigIntegerField())],
            options={
                "db_table": "settlement_kept",
                "constraints": [models.CheckConstraint(name="settlement_one_kept", condition=Q(id=1))],
            },
        ),
        migrations.CreateModel(
            "YearTotal",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("programme", models.CharField(max_length=60)),
                ("year", models.SmallIntegerField()),
                ("clause", models.CharField(blank=True, max_length=60)),
                ("day", models.DateField()),
                *_fen("vouchers", "granted_fen", "held_fen", "used_fen", "ended_fen", "returned_fen", "paid_fen"),
                *_fen("awarded_fen", "award_paid_fen"),
            ],
            options={
                "db_table": "settlement_year_total",
                "constraints": [
                    models.UniqueConstraint(
                        name="one_year_total_a_day", fields=["programme", "year", "clause", "day"]
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "CentreTotal",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("programme", models.CharField(max_length=60)),
                ("centre", models.CharField(max_length=60)),
                *_fen("captures", "fen"),
            ],
            options={
                "db_table": "settlement_centre_total",
                "constraints": [
                    models.UniqueConstraint(name="one_total_a_centre", fields=["programme", "centre"])
                ],
            },
        ),
        migrations.RunSQL(
            (_SQL / "totals.sql").read_text(encoding="utf-8"), (_SQL / "totals_undo.sql").read_text(encoding="utf-8")
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
    ]

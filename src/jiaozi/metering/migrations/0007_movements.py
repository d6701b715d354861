"""Data movement is metered: a record a file that reached its place, and a capture of its own an order."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from jiaozi.metering.rules import CaptureKind, UsageState
from jiaozi.order.ports import Direction

_SQL = Path(__file__).resolve().parent.parent / "sql"


def _of(to, **words):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **words)


class Migration(migrations.Migration):
    dependencies = [("metering", "0006_samples_guard"), ("order", "0007_wishes")]
    operations = [
        migrations.AlterField(
            "capture",
            "kind",
            models.CharField(max_length=10, choices=[(each.value, each.value) for each in CaptureKind]),
        ),
        migrations.AddField(
            "capture",
            "moved_for",
            _of("order.order", null=True, db_index=False, db_constraint=False, related_name="movement_captures"),
        ),
        migrations.AddIndex(
            "capture",
            models.Index(fields=["moved_for"], name="capture_by_moved", condition=Q(moved_for__isnull=False)),
        ),
        migrations.AddConstraint(
            "capture",
            models.CheckConstraint(
                name="movement_of_an_order", condition=Q(kind=CaptureKind.MOVEMENT) ^ Q(moved_for__isnull=True)
            ),
        ),
        migrations.CreateModel(
            "MovementRow",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("centre", _of("catalogue.centre", db_index=False, related_name="movements")),
                ("record_id", models.CharField(max_length=200)),
                ("order", _of("order.order", related_name="movements")),
                (
                    "direction",
                    models.CharField(max_length=3, choices=[(each.value, each.value) for each in Direction]),
                ),
                ("size", models.BigIntegerField()),
                ("sent", models.BigIntegerField()),
                ("content", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(max_length=10, choices=[(each.value, each.value) for each in UsageState]),
                ),
                ("reason_code", models.CharField(max_length=60, blank=True)),
                ("reason_zh", models.CharField(max_length=400, blank=True)),
                ("reason_en", models.CharField(max_length=400, blank=True)),
                ("price_per_gb_ufen", models.BigIntegerField()),
                ("charge_ufen", models.BigIntegerField()),
                ("capture", _of("metering.capture", null=True, related_name="movements")),
            ],
            options={
                "db_table": "metering_movement",
                "constraints": [
                    models.UniqueConstraint(fields=["centre", "record_id"], name="movement_once"),
                    models.CheckConstraint(
                        name="movement_captured_or_reasoned",
                        condition=Q(state=UsageState.CAPTURED, capture__isnull=False, reason_code="")
                        | Q(state=UsageState.WAIVED, capture__isnull=True) & ~Q(reason_code=""),
                    ),
                    models.CheckConstraint(
                        name="movement_quantities",
                        condition=Q(size__gte=0, sent__gte=0, price_per_gb_ufen__gte=0, charge_ufen__gte=0),
                    ),
                ],
            },
        ),
        migrations.RunSQL((_SQL / "movement_guard.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]

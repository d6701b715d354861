"""Orders carry wishes and data: what dispatch weighed, files by URL on their way, and money held for moving them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import jiaozi.order.models
from jiaozi.order.ports import Direction
from jiaozi.order.rules import State
from jiaozi.order.rules.staging import DataState

_UNFINISHED = Q(state__in=["HELD", "STAGING", "SUBMITTED", "QUEUED", "RUNNING", "ENDED", "METERED"])


def _fen(**words):
    return models.BigIntegerField(**words)


class Migration(migrations.Migration):
    dependencies = [("order", "0006_sessions"), ("catalogue", "0003_link_probe")]
    operations = [
        migrations.AddField("order", "wishes", models.JSONField(default=dict)),
        migrations.AddField("order", "movement_bytes_max", _fen(default=0)),
        migrations.AddField("order", "movement_price_ufen", _fen(default=0)),
        migrations.AddField(
            "order",
            "movement_share",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=jiaozi.order.models._no_share
            ),
        ),
        migrations.AddField("order", "movement_voucher_hold_fen", _fen(default=0)),
        migrations.AddField("order", "movement_own_hold_fen", _fen(default=0)),
        migrations.AddField("order", "movement_fen", _fen(null=True)),
        migrations.AddField("order", "movement_voucher_fen", _fen(null=True)),
        migrations.AlterField(
            "order",
            "state",
            models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in State]),
        ),
        migrations.RemoveConstraint("order", "order_state"),
        migrations.AddConstraint(
            "order", models.CheckConstraint(name="order_state", condition=Q(state__in=list(State)))
        ),
        migrations.RemoveIndex("order", "order_unfinished"),
        migrations.AddIndex(
            "order", models.Index(fields=["centre", "id"], name="order_unfinished", condition=_UNFINISHED)
        ),
        migrations.RemoveIndex("order", "order_standing"),
        migrations.AddIndex(
            "order", models.Index(fields=["moved_at", "id"], name="order_standing", condition=_UNFINISHED)
        ),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["id"],
                name="order_movement_open",
                condition=Q(movement_bytes_max__gt=0, movement_fen=None),
            ),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                name="order_movement_within_hold",
                condition=Q(movement_fen__isnull=True)
                | Q(
                    movement_voucher_fen__gte=0,
                    movement_voucher_fen__lte=F("movement_voucher_hold_fen"),
                    movement_fen__gte=F("movement_voucher_fen"),
                    movement_fen__lte=F("movement_voucher_fen") + F("movement_own_hold_fen"),
                ),
            ),
        ),
        migrations.CreateModel(
            "OrderData",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="moved_files", to="order.order"
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.centre",
                    ),
                ),
                (
                    "direction",
                    models.CharField(max_length=3, choices=[(each.value, each.value) for each in Direction]),
                ),
                ("name", models.CharField(max_length=128)),
                ("url", models.CharField(max_length=2_000)),
                ("size_max", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64, blank=True)),
                (
                    "state",
                    models.CharField(max_length=8, choices=[(each.value, str(each.label)) for each in DataState]),
                ),
                ("there_bytes", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(null=True)),
                ("sent", models.BigIntegerField(null=True)),
                ("reached_bytes", models.BigIntegerField(default=0)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason_code", models.CharField(max_length=60, blank=True)),
                ("reason_zh", models.CharField(max_length=400, blank=True)),
                ("reason_en", models.CharField(max_length=400, blank=True)),
            ],
            options={
                "db_table": "order_data",
                "indexes": [
                    models.Index(
                        fields=["order"], name="order_data_open", condition=Q(state__in=["WAITING", "MOVING"])
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=["order", "direction", "name", "centre"], name="order_data_once"),
                    models.CheckConstraint(name="order_data_state", condition=Q(state__in=list(DataState))),
                    models.CheckConstraint(
                        name="order_data_done_is_known",
                        condition=~Q(state=DataState.DONE)
                        | Q(size__isnull=False, size__lte=F("size_max"), ended_at__isnull=False) & ~Q(sha256=""),
                    ),
                ],
            },
        ),
    ]

"""Who took an order's hold and when, read back from the journal for older orders; and members' spending limits."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

_HELD = """
UPDATE compute_order o SET held_by = j.by, held_at = j.at
  FROM journal_line j WHERE j.stage = 'order' AND j.verb = 'hold' AND j.subject = o.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("order", "0007_wishes"),
        ("journal", "0001_initial"),
        ("party", "0004_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField("order", "held_by", models.CharField(blank=True, default="", max_length=80), preserve_default=False),
        migrations.AddField("order", "held_at", models.DateTimeField(null=True)),
        migrations.RunSQL(_HELD, migrations.RunSQL.noop),
        migrations.AddIndex(
            "order",
            models.Index(condition=~Q(held_by=""), fields=["holder", "held_by", "held_at"], name="order_by_member"),
        ),
        migrations.CreateModel(
            name="SpendingLimit",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("per", models.CharField(choices=[("MONTH", "每月 · per month"), ("TOTAL", "累计 · altogether")], max_length=5)),
                ("limit_fen", models.BigIntegerField()),
                ("set_by", models.CharField(max_length=80)),
                ("set_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=80)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="party.organisation"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "order_spending_limit",
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(ended_at__isnull=True), fields=("organisation", "person"), name="spending_limit_one"
                    ),
                    models.CheckConstraint(condition=Q(per__in=["MONTH", "TOTAL"]), name="spending_limit_per"),
                    models.CheckConstraint(condition=Q(limit_fen__gte=0), name="spending_limit_not_negative"),
                    models.CheckConstraint(
                        condition=Q(ended_at__isnull=True) ^ ~Q(ended_by=""), name="spending_limit_end_signed"
                    ),
                ],
            },
        ),
    ]

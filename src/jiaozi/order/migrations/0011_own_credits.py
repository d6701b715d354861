"""What holders prepaid at centres becomes rows to be read; what was recorded before comes from the journal."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

_RECORDED = """
INSERT INTO order_own_credit (id, programme, holder_id, centre_id, amount_fen, recorded_by, at)
SELECT subject, body ->> 'programme', (body ->> 'holder')::uuid, body ->> 'centre', (body ->> 'amount_fen')::bigint, by, at
  FROM journal_line WHERE stage = 'order' AND verb = 'credit_own'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("order", "0010_attempts"),
        ("journal", "0001_initial"),
        ("catalogue", "0001_initial"),
        ("party", "0001_initial"),
    ]
    operations = [
        migrations.CreateModel(
            name="OwnCredit",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("programme", models.CharField(max_length=60)),
                ("amount_fen", models.BigIntegerField()),
                ("recorded_by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalogue.centre"
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="party.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "order_own_credit",
                "constraints": [
                    models.CheckConstraint(condition=Q(amount_fen__gt=0), name="order_own_credit_amount"),
                ],
                "indexes": [
                    models.Index(fields=["programme", "-at", "-id"], name="own_credit_latest"),
                    models.Index(fields=["centre", "-at", "-id"], name="own_credit_centre"),
                    models.Index(fields=["holder", "-at", "-id"], name="own_credit_holder"),
                ],
            },
        ),
        migrations.RunSQL(_RECORDED, migrations.RunSQL.noop),
    ]

"""Jobs that organisations keep under a name."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("order", "0008_spending_limits")]
    operations = [
        migrations.CreateModel(
            name="OrderTemplate",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("job", models.JSONField()),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="party.organisation"
                    ),
                ),
            ],
            options={
                "db_table": "order_template",
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "name"), name="order_template_name"),
                    models.CheckConstraint(condition=~Q(name=""), name="order_template_named"),
                ],
            },
        ),
    ]

"""Holders are told before their vouchers end: a topic of its own, what its words name, and who was told when."""

import django.db.models.deletion
from django.db import migrations, models

from jiaozi.notice.rules import Topic


def _topic():
    return models.CharField(choices=[(each.value, str(each.label)) for each in Topic], max_length=20)


class Migration(migrations.Migration):
    dependencies = [("notice", "0003_prices"), ("voucher", "0002_guard")]
    operations = [
        migrations.AddField("notification", "facts", models.JSONField(default=dict)),
        migrations.AlterField("notification", "topic", _topic()),
        migrations.AlterField("preference", "topic", _topic()),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.SmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "voucher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="voucher.voucher"
                    ),
                ),
            ],
            options={
                "db_table": "notice_reminder",
                "constraints": [models.UniqueConstraint(fields=("voucher", "days"), name="reminder_once")],
            },
        ),
    ]

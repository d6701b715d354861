"""Keep what a paper says and looks like, to find another that is nearly the same."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("application", "0006_decision_guard")]
    operations = [
        migrations.CreateModel(
            name="PaperLikeness",
            fields=[
                (
                    "file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="likeness",
                        serialize=False,
                        to="application.evidencefile",
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("sketch", django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), size=32)),
                ("picture", models.BinaryField(max_length=32, null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("read_at", models.DateTimeField()),
            ],
            options={
                "db_table": "evidence_likeness",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["sketch"], name="likeness_by_sketch"
                    ),
                    models.Index(
                        condition=models.Q(("picture__isnull", False)), fields=["file"], name="likeness_pictured"
                    ),
                ],
            },
        ),
    ]

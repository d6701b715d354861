"""The journal's table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="JournalLine",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("stage", models.CharField(max_length=20)),
                ("verb", models.CharField(max_length=40)),
                ("subject", models.UUIDField()),
                ("before", models.CharField(blank=True, max_length=30)),
                ("after", models.CharField(blank=True, max_length=30)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("body", models.JSONField()),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "journal_line",
                "ordering": ["id"],
                "indexes": [models.Index(fields=["subject", "id"], name="journal_by_subject")],
            },
        )
    ]

"""The functions, triggers and grants that make the tables a ledger."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL((_SQL / "functions.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((_SQL / "protection.sql").read_text(), migrations.RunSQL.noop),
    ]

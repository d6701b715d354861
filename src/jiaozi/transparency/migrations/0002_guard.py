"""Put the database's own guard on the seals, and begin the chain."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("transparency", "0001_initial"),
        ("journal", "0002_append_only"),
        ("ledger", "0002_functions"),
        ("settlement", "0005_years"),
    ]
    operations = [
        migrations.RunSQL(
            (_SQL / "guard.sql").read_text(encoding="utf-8"), (_SQL / "guard_undo.sql").read_text(encoding="utf-8")
        )
    ]

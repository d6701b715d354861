"""Put the database's own guard on redemptions, awards and what holders were paid."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("settlement", "0003_grants")]
    operations = [
        migrations.RunSQL(
            (_SQL / "grants_guard.sql").read_text(encoding="utf-8"),
            (_SQL / "grants_guard_undo.sql").read_text(encoding="utf-8"),
        )
    ]

"""Put the database's own guard on what holders prepaid: recorded once, never edited."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("order", "0012_saved_at_centre")]
    operations = [
        migrations.RunSQL(
            (_SQL / "own_credit_guard.sql").read_text(encoding="utf-8"),
            (_SQL / "own_credit_guard_undo.sql").read_text(encoding="utf-8"),
        )
    ]

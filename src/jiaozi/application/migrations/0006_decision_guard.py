"""Keep decisions as they were made."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("application", "0005_decisions")]
    operations = [
        migrations.RunSQL(
            (_SQL / "decision_guard.sql").read_text(encoding="utf-8"),
            (_SQL / "decision_guard_undo.sql").read_text(encoding="utf-8"),
        )
    ]

"""Keep what was handed in as it was handed in."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("application", "0002_evidence")]
    operations = [
        migrations.RunSQL(
            (_SQL / "evidence_guard.sql").read_text(encoding="utf-8"),
            (_SQL / "evidence_guard_undo.sql").read_text(encoding="utf-8"),
        )
    ]

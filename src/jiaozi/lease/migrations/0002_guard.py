"""Keep what was written to centres, what they admitted and what was decided as it was."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lease", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (_SQL / "guard.sql").read_text(encoding="utf-8"), (_SQL / "unguard.sql").read_text(encoding="utf-8")
        )
    ]

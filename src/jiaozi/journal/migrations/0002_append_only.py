"""Makes the journal append-only and stamps each line with its transaction."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (_SQL / "append_only.sql").read_text(encoding="utf-8"),
            (_SQL / "append_only_undo.sql").read_text(encoding="utf-8"),
        )
    ]

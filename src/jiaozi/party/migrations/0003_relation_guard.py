"""Keep recorded relations as they were recorded; only their end may be added."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("party", "0002_relations")]
    operations = [
        migrations.RunSQL(
            (_SQL / "relation_guard.sql").read_text(encoding="utf-8"),
            (_SQL / "relation_guard_undo.sql").read_text(encoding="utf-8"),
        )
    ]

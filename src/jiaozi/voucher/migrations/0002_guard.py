"""Keep vouchers as they were issued."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("voucher", "0001_initial")]
    operations = [
        migrations.RunSQL(
            (_SQL / "guard.sql").read_text(encoding="utf-8"),
            (_SQL / "guard_undo.sql").read_text(encoding="utf-8"),
        )
    ]

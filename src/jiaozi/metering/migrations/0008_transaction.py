"""Say of each capture which transaction wrote it."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("metering", "0007_movements")]
    operations = [
        migrations.RunSQL(
            (_SQL / "transaction.sql").read_text(encoding="utf-8"), "ALTER TABLE metering_capture DROP COLUMN tx"
        )
    ]

"""The triggers that keep usage records, disputes and rulings as they were written."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("metering", "0003_rulings")]
    operations = [migrations.RunSQL((_SQL / "usage_guard.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)]

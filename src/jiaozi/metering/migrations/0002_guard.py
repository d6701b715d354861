"""The triggers that keep captures as they were written."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]
    operations = [migrations.RunSQL((_SQL / "guard.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)]

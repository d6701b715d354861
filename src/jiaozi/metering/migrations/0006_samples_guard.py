"""The trigger that keeps samples as they came."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("metering", "0005_usagesamples")]
    operations = [migrations.RunSQL((_SQL / "samples_guard.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)]

"""Put the database's own guard on tariffs."""

from pathlib import Path

from django.db import migrations

_SQL = (Path(__file__).resolve().parent.parent / "sql" / "tariff.sql").read_text(encoding="utf-8")
_BACK = """
DROP TRIGGER catalogue_tariff_no_truncate ON catalogue_tariffversion;
DROP TRIGGER catalogue_tariff_guard ON catalogue_tariffversion;
DROP FUNCTION catalogue_tariff_guard();
ALTER TABLE catalogue_tariffversion DROP CONSTRAINT tariff_one_price_at_once;
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunSQL(_SQL, _BACK)]

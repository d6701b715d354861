"""Put the database's own guard on programme versions."""

from pathlib import Path

from django.db import migrations

_SQL = (Path(__file__).resolve().parent.parent / "sql" / "immutable.sql").read_text(encoding="utf-8")
_BACK = """
DROP TRIGGER policy_immutable ON policy_version;
DROP FUNCTION policy_refuse_change();
ALTER TABLE policy_version DROP CONSTRAINT policy_version_digest_of_text;
"""


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial")]
    operations = [migrations.RunSQL(_SQL, _BACK)]

"""Vouchers and statements had two same indexes over the end of their ids: the older one, of the open data, stays."""

from django.db import migrations

_TABLES = ("voucher", "settlement_statement")


class Migration(migrations.Migration):
    dependencies = [("transparency", "0002_guard"), ("settlement", "0006_numbers")]
    operations = [
        migrations.RunSQL(
            [f"DROP INDEX {table}_number" for table in _TABLES],
            [f"CREATE INDEX {table}_number ON {table} (right((id)::text, 12))" for table in _TABLES],
        )
    ]

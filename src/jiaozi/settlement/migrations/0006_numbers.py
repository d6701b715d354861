"""Indexes over the numbers that people read: the last twelve digits of an id. They serve the search alone."""

from django.db import migrations

_TABLES = ("voucher", "compute_order", "settlement_statement")


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0005_years"),
        ("voucher", "0001_initial"),
        ("order", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            [f"CREATE INDEX {table}_number ON {table} (right((id)::text, 12))" for table in _TABLES],
            [f"DROP INDEX {table}_number" for table in _TABLES],
        )
    ]

"""The audit of the exchange: its rows and the ledger tell the same."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from jiaozi.ledger.queries import Finding

FINDINGS_MAX = 100
_SQL = Path(__file__).resolve().parent.parent / "sql"


def audit() -> list[Finding]:
    """Check the exchange's invariants over all rows, in one statement; an empty list means that every one holds."""
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "audit.sql").read_text(encoding="utf-8"), {"limit": FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]

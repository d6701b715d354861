"""Writing many rows by COPY, for the two tables that an import fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import psycopg
from django.db import connection
from psycopg import sql


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows to a table of this stage; the caller's transaction is open."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    )
    with (
        connection.cursor() as wrapped,
        cast("psycopg.Cursor[Any]", wrapped).copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(row)

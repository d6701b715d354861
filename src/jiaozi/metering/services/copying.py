"""Writing many rows by COPY, for the two tables that an import fills.

Values go as text, ready made: that is three times as fast as handing each to the driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import psycopg
from django.db import connection
from psycopg import sql

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_BLOCK_ROWS = 1_000


def text(value: str) -> str:
    """Give a text as COPY reads it: tabs, line ends and backslashes escaped."""
    return value.translate(_ESCAPES)


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """Append rows to a table of this stage; each is its values in COPY's text form, between tabs."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    )
    with (
        connection.cursor() as wrapped,
        cast("psycopg.Cursor[Any]", wrapped).copy(statement) as copy,
    ):
        block: list[str] = []
        for row in rows:
            block.append(row)
            if len(block) == _BLOCK_ROWS:
                copy.write("\n".join(block) + "\n")
                block.clear()
        if block:
            copy.write("\n".join(block) + "\n")

"""A list as a file: the same columns as CSV or as a workbook, figures as numbers, no text that could be a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import xlsxwriter
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from jiaozi.kernel.fen import FEN_PER_YUAN
from jiaozi.kernel.period import SHANGHAI
from jiaozi.settlement.rules.export.table import plain, safe

Row = TypeVar("Row")
ROWS_MAX, ROWS_AT_ONCE = 5_000, 500
FORMS = ("csv", "xlsx")
_BOM = "\ufeff"
_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its head in both languages, what it gives of a row, and whether that is fen."""

    head: str
    give: Callable[[Row], Any]
    money: bool = False


def as_file(form: str, name: str, columns: Sequence[Column[Row]], rows: Iterable[Row]) -> HttpResponse:
    """Give a list as a file to keep; at most ``ROWS_MAX`` rows.

    Raises
    ------
    Http404
        For a form that there isn't.
    """
    if form not in FORMS:
        raise Http404(form)
    write = _csv if form == "csv" else _workbook
    answer = HttpResponse(write(columns, rows), content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.{form}")
    return answer


def every(ask: Callable[[Any], Sequence[Row]], place: Callable[[Row], Any]) -> Iterator[Row]:
    """Walk a list page by page, up to ``ROWS_MAX`` rows; ``ask`` gives the page after a place."""
    after, given = None, 0
    while given < ROWS_MAX:
        rows = ask(after)
        yield from rows[: ROWS_MAX - given]
        given += len(rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        after = place(rows[-1])


def _csv(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write([column.head for column in columns])
    for row in rows:
        write([_text(column, row) for column in columns])
    return (_BOM + out.getvalue()).encode()


def _text(column: Column[Row], row: Row) -> Any:
    value = column.give(row)
    if column.money:
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, int):
        return value
    return "" if value is None else safe(str(value))


def _workbook(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet()
    head, yuan = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    sheet.set_column(0, len(columns) - 1, _WIDTH)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.head, head)
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(columns):
            value = column.give(row)
            if column.money and value is not None:
                sheet.write_number(number, place, value / FEN_PER_YUAN, yuan)
            elif isinstance(value, int) and not column.money:
                sheet.write_number(number, place, value)
            else:
                sheet.write_string(number, place, str(_text(column, row)))
    book.close()
    return out.getvalue()

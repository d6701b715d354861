"""A statement as an Excel workbook: a cover sheet, sums by holder, and every line; figures are numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

from jiaozi.kernel.fen import in_words
from jiaozi.kernel.period import SHANGHAI
from jiaozi.settlement.rules.export.document import Document, Line, group

_LINES = (
    ("编号 reference", 38), ("类别 kind", 12), ("持券人 holder", 30), ("算力券 voucher", 18), ("资源类 class", 14),
    ("数量 units", 8), ("用量（小时） unit-hours", 14), ("开始 started", 20), ("结束 ended", 20), ("核销 captured", 20),
    ("价款（元） price", 14), ("自付（元） own", 14), ("算力券（元） voucher", 14), ("申报（元） claimed", 14),
    ("台账（元） ledger", 14),
)  # fmt: skip
_GROUPS = (
    ("持券人 holder", 34), ("资源类 class", 18), ("类别 kind", 12), ("单价（元） rate", 14), ("笔数 lines", 10),
    ("用量（小时） unit-hours", 16), ("价款（元） price", 16), ("自付（元） own", 16), ("算力券（元） voucher", 16),
)  # fmt: skip
_FEN_PER_YUAN = 100
_MS_PER_HOUR = 3_600_000
_UFEN_PER_YUAN = 100_000_000


class _Sheet:
    """A sheet that is written row by row. Numbers are binary there: exact to the fen up to 90 trillion yuan."""

    def __init__(self, book: Any, name: str, formats: dict[str, Any]) -> None:
        self._sheet, self._formats, self.row = book.add_worksheet(name), formats, 0

    def header(self, columns: Sequence[tuple[str, int]]) -> None:
        for place, (name, width) in enumerate(columns):
            self._sheet.set_column(place, place, width)
            self._sheet.write_string(self.row, place, name, self._formats["head"])
        self.row += 1
        self._sheet.freeze_panes(self.row, 0)

    def write(self, *cells: tuple[str, Any], form: str = "") -> None:
        """Write cells: ``text``, ``count``, ``yuan`` (from fen), ``hours`` (from unit-ms), ``rate``, ``time``."""
        for place, (kind, value) in enumerate(cells):
            chosen = self._formats[form + kind]
            if value is None:
                self._sheet.write_blank(self.row, place, None, chosen)
            elif kind == "text":
                self._sheet.write_string(self.row, place, value, chosen)
            elif kind == "time":
                self._sheet.write_datetime(self.row, place, _local(value), chosen)
            else:
                divisor = {"yuan": _FEN_PER_YUAN, "hours": _MS_PER_HOUR, "rate": _UFEN_PER_YUAN, "count": 1}[kind]
                self._sheet.write_number(self.row, place, value / divisor, chosen)
        self.row += 1


def statement_workbook(document: Document) -> bytes:
    """Write the workbook; the same statement gives the same bytes."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": f"算力券结算单 {document.number}", "created": _local(document.at)})
    formats = _formats(book)
    _cover(_Sheet(book, "结算单", formats), document)
    _groups(_Sheet(book, "按持券人汇总", formats), document)
    _lines(_Sheet(book, "明细", formats), document)
    book.close()
    return out.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    numbers = {"text": "@", "count": "0", "yuan": "#,##0.00", "hours": "#,##0.0000", "rate": "0.00000000"}
    shapes = {**numbers, "time": "yyyy-mm-dd hh:mm:ss"}
    plain = {
        kind: book.add_format({"num_format": shape, "text_wrap": kind == "text"}) for kind, shape in shapes.items()
    }
    words = {"bold": True, "top": 1}
    total = {f"total {kind}": book.add_format({"num_format": shape, **words}) for kind, shape in shapes.items()}
    head = book.add_format({"bold": True, "bg_color": "#E8ECF1", "border": 1, "text_wrap": True, "valign": "vcenter"})
    return {**plain, **total, "head": head}


def _cover(sheet: _Sheet, document: Document) -> None:
    sheet.header((("算力券结算单 statement", 30), ("", 60)))
    totals = document.totals
    texts = (
        ("编号 number", document.number),
        ("编码 id", str(document.id)),
        ("项目 programme", document.programme.name + ("（演示 demo）" if document.demo else "")),
        ("算力中心 centre", document.centre.name),
        ("结算期 period", f"{document.first} — {document.last}"),
        ("状态 state", str(document.state.label)),
        ("大写 in words", in_words(document.total_fen)),
        ("银行流水 bank reference", document.bank_reference),
        ("批准 approved by", document.approved_by),
        ("支付 paid by", document.paid_by),
    )
    for name, text in texts:
        sheet.write(("text", name), ("text", text))
    for name, fen in (
        ("价款 price", totals.price_fen),
        ("自付 own share", totals.own_fen),
        ("算力券应付 due from vouchers", document.total_fen),
        ("中心申报 claimed", document.claimed_fen),
        ("台账 ledger", document.ledger_fen),
    ):
        sheet.write(("text", name), ("yuan", fen))
    sheet.write(("text", "笔数 lines"), ("count", totals.lines))


def _groups(sheet: _Sheet, document: Document) -> None:
    sheet.header(_GROUPS)
    for first, sums in group(document.lines):
        names = (first.holder.name, first.resource.name, first.kind.label.zh)
        figures = (("yuan", sums.price_fen), ("yuan", sums.own_fen), ("yuan", sums.amount_fen))
        counts = (("rate", first.rate_ufen), ("count", sums.lines), ("hours", sums.unit_ms))
        sheet.write(*(("text", name) for name in names), *counts, *figures)
    sums = document.totals
    blanks = (("text", "合计 total"), ("text", ""), ("text", ""), ("rate", None))
    figures = (("yuan", sums.price_fen), ("yuan", sums.own_fen), ("yuan", sums.amount_fen))
    sheet.write(*blanks, ("count", sums.lines), ("hours", sums.unit_ms), *figures, form="total ")


def _lines(sheet: _Sheet, document: Document) -> None:
    sheet.header(_LINES)
    for line in document.lines:
        sheet.write(*_cells(line))


def _cells(line: Line) -> list[tuple[str, Any]]:
    texts = (line.reference, line.kind.label.zh, line.holder.name, line.voucher, line.resource.id)
    times = (line.started_at, line.ended_at, line.captured_at)
    figures = (line.price_fen, line.own_fen, line.amount_fen, line.claimed_fen, line.ledger_fen)
    return [
        *(("text", text) for text in texts),
        ("count", line.units),
        ("hours", line.unit_ms),
        *(("time", at) for at in times),
        *(("yuan", fen) for fen in figures),
    ]


def _local(at: datetime) -> datetime:
    """Give Chengdu's clock, for a cell knows no zone."""
    return at.astimezone(SHANGHAI).replace(tzinfo=None)

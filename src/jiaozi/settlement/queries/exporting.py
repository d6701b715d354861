"""Giving statements out: the same document as CSV, Excel, FOCUS, or the PDF that is signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import typst

from jiaozi.policy import queries as policy
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries.reading import LINES_MAX, run, statement
from jiaozi.settlement.rules import LineKind, State
from jiaozi.settlement.rules.export import (
    Document,
    Line,
    Party,
    check_font,
    paper,
    statement_csv,
    statement_focus,
    statement_workbook,
)
from jiaozi.voucher.models import number_of

_TEMPLATE = Path(__file__).resolve().parent.parent / "documents" / "statement.typ"
_BOM = b"\xef\xbb\xbf"


class ExportForm(StrEnum):
    """What a statement can be given out as."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    FOCUS = "focus"


def export(statement_id: UUID, form: ExportForm) -> bytes:
    """Give a statement in a form; the same statement in the same state is always the same bytes.

    Raises
    ------
    UnableToFindStatement
        When there is none.
    UnableToPrint
        When a PDF is asked for on a machine without a Chinese font.
    """
    return _MAKE[form](document(statement_id))


def export_csv(statement_id: UUID) -> str:
    """Give a statement's lines as CSV, with the total in figures and in 大写."""
    return statement_csv(document(statement_id))


def document(statement_id: UUID) -> Document:
    """Give what a statement says, with all its lines, in three SQL statements."""
    row = statement(statement_id)
    title, demo = _programme(row)
    return Document(
        id=row.id,
        number=row.number,
        programme=Party(row.programme, title),
        demo=demo,
        centre=Party(row.centre_id, row.centre.name_zh),
        first=row.first,
        last=row.end - timedelta(days=1),
        state=State(row.state),
        lines=tuple(_line(*each) for each in run("export.sql", statement=row.id, most=LINES_MAX)),
        total_fen=row.total_fen,
        claimed_fen=row.claim_total_fen,
        ledger_fen=row.ledger_total_fen,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        matched_at=row.matched_at,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        paid_at=row.paid_at,
        paid_by=row.paid_by,
        bank_reference=row.bank_reference,
    )


def _programme(row: Statement) -> tuple[str, bool]:
    """Give the programme's title in force when the period began, and whether it runs on demo values."""
    try:
        version = policy.current(row.programme, row.first)
    except policy.UnableToFindProgramme:
        return row.programme, False
    return policy.document(version.id).programme.title.zh, version.demo


def _line(*columns: Any) -> Line:
    reference, kind, captured_at, amount, claimed, ledger, price, own, overrun, *rest = columns
    holder_id, holder, voucher, code, name, unit, rate, tariff, units, unit_ms, started_at, ended_at, moved = rest
    return Line(
        reference=reference,
        kind=LineKind(kind),
        captured_at=captured_at,
        amount_fen=amount,
        claimed_fen=claimed,
        ledger_fen=ledger,
        price_fen=price,
        own_fen=own,
        overrun_fen=overrun,
        holder=Party(holder_id, holder),
        voucher=number_of(voucher),
        resource=Party(code, name),
        unit=unit,
        rate_ufen=rate,
        tariff_id=tariff,
        units=units,
        unit_ms=unit_ms,
        started_at=started_at,
        ended_at=ended_at,
        moved_bytes=moved,
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True)


def _pdf(said: Document) -> bytes:
    fonts = _fonts()
    content = json.dumps(paper(said, check_font(fonts.families())), ensure_ascii=False)
    made = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=fonts,
        sys_inputs={"data": content},
        timestamp=said.at.replace(microsecond=0),  # a PDF has whole seconds
        pdf_standards="a-2b",
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one sequence of bytes")
    return made


_MAKE: dict[ExportForm, Callable[[Document], bytes]] = {
    ExportForm.CSV: lambda said: _BOM + statement_csv(said).encode(),
    ExportForm.XLSX: statement_workbook,
    ExportForm.PDF: _pdf,
    ExportForm.FOCUS: lambda said: statement_focus(said).encode(),
}

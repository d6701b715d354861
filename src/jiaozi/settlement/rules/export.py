"""A statement as plain CSV: its lines, the total in figures and in 大写."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jiaozi.kernel.fen import in_words, yuan
from jiaozi.kernel.period import SHANGHAI

_HEADER = ("编号 reference", "类别 kind", "核销时间 captured at", "金额（元） amount", "申报 claimed", "台账 ledger")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One line as it is exported, in fen."""

    reference: str
    kind: str
    captured_at: datetime
    amount_fen: int
    claimed_fen: int | None
    ledger_fen: int | None


def statement_csv(lines: Iterable[ExportLine], total_fen: int) -> str:
    """Write the lines and the total; amounts in yuan without thousands marks, times in Asia/Shanghai."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(_HEADER)
    for line in lines:
        at = line.captured_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        figures = [_plain(fen) for fen in (line.amount_fen, line.claimed_fen, line.ledger_fen)]
        write([_safe(line.reference), line.kind, at, *figures])
    write(["合计 total", "", "", _plain(total_fen), in_words(total_fen), ""])
    return out.getvalue()


def _plain(fen: int | None) -> str:
    return "" if fen is None else yuan(fen).replace(",", "")


def _safe(text: str) -> str:
    """Keep a spreadsheet from reading a centre's text as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text

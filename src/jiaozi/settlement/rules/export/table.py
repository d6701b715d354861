"""A statement as plain CSV: its lines, the total in figures and in 大写."""

from __future__ import annotations

import csv
import io

from jiaozi.kernel.fen import in_words, yuan
from jiaozi.settlement.rules.export.document import Document, local

_HEADER = (
    *("编号 reference", "类别 kind", "核销时间 captured at", "金额（元） amount", "申报 claimed", "台账 ledger"),
    *("价款 price", "自付 own", "持券人 holder", "算力券 voucher", "资源类 class", "开始 started at", "结束 ended at"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def statement_csv(document: Document) -> str:
    """Write the lines and the total; amounts in yuan without thousands marks, times in Asia/Shanghai."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    write(_HEADER)
    for line in document.lines:
        figures = [
            plain(fen) for fen in (line.amount_fen, line.claimed_fen, line.ledger_fen, line.price_fen, line.own_fen)
        ]
        times = local(line.started_at), local(line.ended_at)
        holder, voucher = safe(line.holder.name), safe(line.voucher)
        write(
            [
                safe(line.reference),
                line.kind,
                local(line.captured_at),
                *figures,
                holder,
                voucher,
                line.resource.id,
                *times,
            ]
        )
    write(["合计 total", "", "", plain(document.total_fen), in_words(document.total_fen)])
    return out.getvalue()


def plain(fen: int | None) -> str:
    """Show fen as yuan without thousands marks, nothing where there is none."""
    return "" if fen is None else yuan(fen).replace(",", "")


def safe(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text

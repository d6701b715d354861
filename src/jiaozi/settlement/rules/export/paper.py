"""A statement as the paper that is signed: what stands on it, as plain text for the template, and the font it needs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any

from jiaozi.kernel.fen import in_words, yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.settlement.rules.export.document import Document, Line, group, hours, local
from jiaozi.settlement.rules.export.table import statement_csv
from jiaozi.settlement.rules.life import State

LINES_MAX = 500
"""Lines that are printed; the sums cover all, and the digest names the table that has all."""
FONTS = (
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "FangSong",
    "STFangsong",
    "SimSun",
    "Songti SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
)
"""Families with Chinese letters, the first that is there is taken."""
_FINAL = {State.APPROVED, State.PAID}


class UnableToPrint(Refused):
    """The paper can't be made on this machine."""


def check_font(families: Collection[str]) -> str:
    """Give the family to print with.

    Raises
    ------
    UnableToPrint
        When no font has Chinese letters: a paper of empty boxes is worse than none.
    """
    found = next((name for name in FONTS if name in families), None)
    if found is None:
        raise UnableToPrint(
            "NO_FONT",
            "本机没有中文字体，无法生成PDF；请安装fonts-noto-cjk（make setup-system），或导出csv、xlsx",
            "no Chinese font on this machine: install fonts-noto-cjk (make setup-system), or export csv or xlsx",
            field="format",
        )
    return found


def paper(document: Document, font: str) -> dict[str, Any]:
    """Give what stands on the paper, ready to print; amounts as text."""
    totals = document.totals
    return {
        "font": font,
        "number": document.number,
        "id": str(document.id),
        "programme": document.programme.name,
        "demo": document.demo,
        "draft": document.state not in _FINAL,
        "state": document.state.label.zh,
        "centre": document.centre.name,
        "period": f"{document.first:%Y年%m月%d日} 至 {document.last:%Y年%m月%d日}",
        "at": f"{local(document.at)}",
        "total": yuan(document.total_fen),
        "words": in_words(document.total_fen),
        "price": yuan(totals.price_fen),
        "own": yuan(totals.own_fen),
        "lines": f"{totals.lines:,}",
        "three": [_or_dash(document.claimed_fen), yuan(document.total_fen), _or_dash(document.ledger_fen)],
        "groups": [
            [
                first.holder.name,
                first.resource.name,
                first.kind.label.zh,
                f"{sums.lines:,}",
                hours(sums.unit_ms),
                yuan(sums.price_fen),
                yuan(sums.own_fen),
                yuan(sums.amount_fen),
            ]
            for first, sums in group(document.lines)
        ],
        "rows": [_row(place, line) for place, line in enumerate(document.lines[:LINES_MAX], start=1)],
        "left_out": max(0, totals.lines - LINES_MAX),
        "digest": sha256(statement_csv(document).encode()).hexdigest(),
        "closed_at": _day(document.closed_at),
        "approved_by": document.approved_by,
        "approved_at": _day(document.approved_at),
        "paid_by": document.paid_by,
        "paid_at": _day(document.paid_at),
        "bank_reference": document.bank_reference,
    }


def _row(place: int, line: Line) -> list[str]:
    return [
        str(place),
        line.reference,
        line.holder.name,
        line.resource.id,
        local(line.started_at)[:16],
        hours(line.unit_ms),
        yuan(line.price_fen),
        yuan(line.amount_fen),
    ]


def _or_dash(fen: int | None) -> str:
    return "—" if fen is None else yuan(fen)


def _day(at: datetime | None) -> str:
    return local(at)[:10] if at else ""

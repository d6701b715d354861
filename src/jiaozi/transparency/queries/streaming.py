"""The open data as it leaves the house: part by part, row by row, the same bytes for the same part whenever asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from jiaozi.ledger.rules import TransferKind
from jiaozi.transparency.models import CheckpointRow, Entry
from jiaozi.transparency.queries.reading import UnableToFindEntries, checkpoint
from jiaozi.transparency.rules import (
    GENESIS,
    Form,
    Part,
    Source,
    end_line,
    head_lines,
    moment,
    row_line,
)

PART_MAX = 50_000
"""Entries that one download holds at most; the next part begins after its last."""
_CHUNK = 1_000
_SQL = Path(__file__).resolve().parent.parent / "sql"


def part(after: int = 0, upto: int | None = None) -> Part:
    """Say what a part holds: the entries after one, up to a checkpoint or the latest; in at most three statements.

    Raises
    ------
    UnableToFindEntries
        When nothing was sealed yet, or there is no such place in the chain.
    """
    last = checkpoint() if upto is None else _exactly(upto)
    if last is None:
        raise UnableToFindEntries(
            "NOT_SEALED_YET",
            "尚无封存的记录，或没有此检查点",
            "nothing was sealed yet, or there is no such checkpoint",
            field="upto",
        )
    before = Entry.objects.filter(n=after).values_list("head", flat=True).first() if after else GENESIS
    if before is None or not 0 <= after <= last.n:
        raise UnableToFindEntries(
            "NO_SUCH_PLACE", f"链上没有第{after}条", f"the chain has no entry {after}", field="after"
        )
    return Part(after, bytes(before), last, settings.JIAOZI_SITE.get("licence", ""), settings.JIAOZI_DEMO)


def stream(this: Part, form: Form) -> Iterator[bytes]:
    """Write a part, a thousand rows at a time; one statement each, and never more of it in memory."""
    sum_, rows, n, head = hashlib.sha256(), 0, this.after, this.head_before
    text = head_lines(this, form).encode()
    sum_.update(text)
    yield text
    last = min(this.checkpoint.n, this.after + PART_MAX)
    for start in range(this.after, last, _CHUNK):
        found = _rows(start, min(start + _CHUNK, last))
        text = "".join(row_line(row, form) for row in found).encode()
        sum_.update(text)
        yield text
        rows += len(found)
        n, head = found[-1]["n"], bytes.fromhex(found[-1]["head"])
    yield end_line(n=n, head=head, rows=rows, sha256=sum_.hexdigest(), form=form).encode()


def rows_of(ns: list[int]) -> list[dict[str, Any]]:
    """Give some entries, in their order, as a download has them."""
    return [row for n in sorted(ns) for row in _rows(n - 1, n)]


def _exactly(n: int) -> Any:
    found = CheckpointRow.objects.filter(n=n).exists()
    return checkpoint(n) if found else None


def _rows(after: int, last: int) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "part.sql").read_text(encoding="utf-8"), {"after": after, "last": last})
        return [_row(*columns) for columns in cursor.fetchall()]


def _row(n: int, source: str, shown: bool, *columns: Any) -> dict[str, Any]:
    id_, at, programme, event, kind, debit, debit_subject, credit, credit_subject, amount, hold, hold_fen, *rest = (
        columns
    )
    chain, reference, year, clause, holder_class, parts, stage, verb, before, after, digest, leaf, head = rest
    seals = {"leaf": bytes(leaf).hex(), "head": bytes(head).hex()}
    if not shown:
        return {"n": n, "source": Source.WITHHELD.value, **seals}
    row = {"n": n, "source": source, "id": str(id_), "at": moment(at), "reference": str(reference or "")}
    if source == Source.JOURNAL:
        row |= {"stage": stage, "verb": verb, "before": before, "after": after, "digest": bytes(digest).hex()}
        return row | seals
    row |= {
        "programme": programme,
        "event": event,
        "kind": TransferKind(kind).name,
        "debit": f"{debit}/{debit_subject}" if debit_subject else debit,
        "credit": f"{credit}/{credit_subject}" if credit_subject else credit,
        "amount_fen": amount,
        "hold": str(hold or ""),
        "hold_fen": hold_fen or "",
        "chain": str(chain),
        "year": year,
        "clause": clause,
        "holder_class": holder_class,
        "parts": parts,
    }
    return row | seals

"""What a code stands for: a voucher, a statement, an entry; whether it is true, since when, and where it is sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Right

from jiaozi.settlement.models import Statement
from jiaozi.transparency.models import Entry
from jiaozi.transparency.queries.reading import checkpoint
from jiaozi.transparency.queries.streaming import rows_of
from jiaozi.transparency.rules import Checkpoint, leaf
from jiaozi.transparency.rules.verifying import UUID_DIGITS, code_of
from jiaozi.voucher.models import Voucher

_ENTRIES_MAX = 12
_TAIL = 12


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found under a code.

    Attributes
    ----------
    voucher, statement
        What it is, where it is one of them.
    rows
        Its entries, the first ones, as a download has them.
    wrong
        Places of entries whose content no longer gives the leaf that was sealed: somebody changed a table.
    checkpoint
        The first signed word that covers the last of the entries.
    """

    code: str
    voucher: Voucher | None
    statement: Statement | None
    rows: list[dict[str, Any]]
    wrong: tuple[int, ...]
    checkpoint: Checkpoint | None

    @property
    def valid(self) -> bool:
        """Whether it is here, unaltered and signed for."""
        return bool(self.rows) and not self.wrong and self.checkpoint is not None and self.checkpoint.stands()


def standing(text: str) -> Standing:
    """Look a code up, at a constant number of statements.

    Raises
    ------
    UnableToVerify
        When it is no number, id or hash.
    """
    code = code_of(text)
    voucher, statement = None, None
    if len(code) == 2 * UUID_DIGITS:
        found = _places(Entry.objects.filter(leaf=bytes.fromhex(code)))
    else:
        voucher, statement = _named(Voucher, code), _named(Statement, code)
        thing = voucher or statement
        id_ = thing.id if thing else UUID(code) if len(code) == UUID_DIGITS else None
        found = _places(Entry.objects.filter(subject=id_)) if id_ else []
        found = found or (_places(Entry.objects.filter(entry=id_)) if id_ else [])
    rows = rows_of(found)
    wrong = tuple(row["n"] for row in rows if leaf(row).hex() != row["leaf"])
    return Standing(code, voucher, statement, rows, wrong, checkpoint(found[-1]) if found else None)


def _places(entries: QuerySet[Entry]) -> list[int]:
    return list(entries.filter(shown=True).order_by("n").values_list("n", flat=True)[:_ENTRIES_MAX])


def _named(model: Any, code: str) -> Any:
    """Find a row by its whole id, or by the number that people read: the end of it."""
    rows = model.objects.select_related("holder") if model is Voucher else model.objects.select_related("centre")
    if len(code) == UUID_DIGITS:
        return rows.filter(id=UUID(code)).first()
    tail = code[-_TAIL:]
    return rows.annotate(tail=Right(Cast("id", TextField()), _TAIL)).filter(tail=tail).first()

"""Reading what a centre has said of a statement's lines: confirmed, objected to with which reason, or nothing yet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast, Right

from jiaozi.settlement.models import ClaimLine, Statement, StatementLine
from jiaozi.settlement.queries.reading import ROWS_MAX
from jiaozi.settlement.rules import LineKind
from jiaozi.settlement.rules.claim import UnableToClaim
from jiaozi.settlement.rules.confirming import Answer

_DIGITS = 12
ANSWERED = {
    Answer.NONE: Q(claimed_fen=None),
    Answer.CONFIRMED: Q(claimed_fen=F("amount_fen")),
    Answer.OBJECTED: Q(claimed_fen__isnull=False) & ~Q(claimed_fen=F("amount_fen")),
}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How many lines were answered how, and what they add up to, in fen."""

    lines: int
    none: int
    none_fen: int
    confirmed: int
    confirmed_fen: int
    objected: int
    objected_fen: int


def confirmation(statement: UUID) -> Confirmation:
    """Count a statement's lines by what the centre has said of them, in one SQL statement."""
    counts = {each.value.lower(): Count("id", filter=ANSWERED[each]) for each in Answer}
    sums = {f"{each.value.lower()}_fen": Sum("amount_fen", filter=ANSWERED[each], default=0) for each in Answer}
    found = StatementLine.objects.filter(statement_id=statement).aggregate(lines=Count("id"), **counts, **sums)
    return Confirmation(**found)


def answered_lines(
    row: Statement,
    *,
    answer: Answer | None = None,
    kind: LineKind | None = None,
    text: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[StatementLine]:
    """Give a page of a statement's lines with capture, order and the objection's ``reason``, in one SQL statement.

    ``text`` is an order's number as it stands on screen, or a usage record's own id.
    """
    rows = StatementLine.objects.filter(statement_id=row.id, id__gt=after).filter(ANSWERED.get(answer, Q()))  # type: ignore[arg-type]
    if kind is not None:
        rows = rows.filter(kind=kind)
    if wanted := text.strip():
        rows = _named(rows, wanted)
    reasons = ClaimLine.objects.filter(statement_id=row.id, number=row.claim_number, capture_id=OuterRef("capture_id"))
    rows = rows.annotate(reason=Subquery(reasons.exclude(reason="").values("reason")[:1]))
    found = rows.select_related("capture__order", "capture__holder").order_by("id")
    return list(found[: max(1, min(limit, ROWS_MAX))])


def _named(rows: QuerySet[StatementLine], text: str) -> QuerySet[StatementLine]:
    tail = Right(Cast("capture__order_id", TextField()), _DIGITS)
    by_record = Q(capture__usage__record_id=text)
    return rows.annotate(tail=tail).filter(Q(tail=text.replace("-", "").lower()) | by_record).distinct()


def line_of(statement: UUID, capture: UUID) -> StatementLine:
    """Give a capture's line on a statement.

    Raises
    ------
    UnableToClaim
        When there is none.
    """
    found = StatementLine.objects.filter(statement_id=statement, capture_id=capture).first()
    if found is None:
        raise UnableToClaim(
            "NO_SUCH_LINE", f"结算单没有核销{capture}这一行", f"the statement has no line {capture}", field="capture"
        )
    return found


def claimed(statement: UUID, number: int) -> tuple[dict[str, int], dict[str, str]]:
    """Give a claim: reference → fen, and the reasons of those that object."""
    rows = ClaimLine.objects.filter(statement_id=statement, number=number).order_by("reference")
    lines: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for reference, fen, reason in rows.values_list("reference", "amount_fen", "reason").iterator():
        lines[reference] = fen
        if reason:
            reasons[reference] = reason
    return lines, reasons

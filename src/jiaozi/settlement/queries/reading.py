"""Reading statements: one, a list, its lines, what differs, what waits for the next one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q, Sum

from jiaozi.alert import queries as alerts
from jiaozi.alert.rules import Standing, Subject, SubjectKind
from jiaozi.kernel.period import Period
from jiaozi.kernel.refusal import Refused
from jiaozi.metering.models import Capture
from jiaozi.order.rules import payable_accounts
from jiaozi.settlement.models import Statement, StatementLine
from jiaozi.settlement.rules.life import Closed
from jiaozi.settlement.rules.matching import Difference

SQL = Path(__file__).resolve().parent.parent / "sql"
ROWS_MAX = 500
LINES_MAX = 100_000
DIFFERENCES_MAX = 200


class UnableToFindStatement(Refused):
    """No statement has this id."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Captures of one programme at one centre that no statement has yet."""

    programme: str
    centre: str
    captures: int
    amount_fen: int


def statement(id: UUID, *, lock: bool = False) -> Statement:  # noqa: A002 - the column's own name
    """Give one statement with its centre, locked for a change where asked.

    Raises
    ------
    UnableToFindStatement
        When there is none.
    """
    rows = Statement.objects.select_related("centre")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindStatement("NO_SUCH_STATEMENT", f"没有结算单{id}", f"no statement {id}", field="statement")
    return found


def statements(
    programme: str,
    *,
    centre: str = "",
    states: Iterable[str] = (),
    after: tuple[date, UUID] | None = None,
    limit: int = 100,
) -> list[Statement]:
    """Give the latest statements, from after a first day and id, with their centres, in one SQL statement."""
    rows = Statement.objects.filter(programme=programme).select_related("centre")
    if centre:
        rows = rows.filter(centre_id=centre)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if after is not None:
        rows = rows.filter(first__lte=after[0]).exclude(first=after[0], id__gte=after[1])
    return list(rows.order_by("-first", "-id")[: _bounded(limit)])


def closed_days(programme: str, today: date) -> dict[str, Closed]:
    """Say what is closed of each centre's days, in one SQL statement."""
    rows = Statement.objects.filter(programme=programme, closed_at__isnull=False).exclude(state="ADJUSTED")
    alone = Count("id", filter=Q(first=today, end=today + timedelta(days=1)))
    found = rows.order_by().values("centre_id").annotate(until=Max("end"), alone=alone).order_by("centre_id")
    return {row["centre_id"]: Closed(row["until"], today=row["alone"] > 0) for row in found[:ROWS_MAX]}


def live_statement(*, programme: str, centre: str, period: Period) -> Statement | None:
    """Give a centre's statement of a period, if there is one that was not adjusted; locked."""
    rows = Statement.objects.filter(programme=programme, centre_id=centre, first=period.first, end=period.end)
    return rows.exclude(state="ADJUSTED").select_for_update(no_key=True).first()


def lines(statement_id: UUID, *, after: int = 0, limit: int = 100) -> list[StatementLine]:
    """Give a page of a statement's lines with capture and order, from after a line's id, in one SQL statement."""
    rows = StatementLine.objects.filter(statement_id=statement_id, id__gt=after)
    return list(rows.select_related("capture__order", "capture__holder").order_by("id")[: _bounded(limit)])


def differences(row: Statement, *, limit: int = DIFFERENCES_MAX) -> tuple[list[Difference], int]:
    """Give the lines on which claim, metering and ledger don't agree, and how many there are in all."""
    shards = [account.id for account in payable_accounts(row.programme, row.centre_id)]
    found = run("differences.sql", statement=row.id, shards=shards, most=min(limit, DIFFERENCES_MAX))
    return [Difference(*each[:4]) for each in found], found[0][4] if found else 0


def blocked(statement_id: UUID) -> list[tuple[str, Standing]]:
    """Give what stands against a statement's lines: the order or record of each, and the alert."""
    rows = run("line_names.sql", statement=statement_id, most=LINES_MAX)
    names = {str(capture): name for capture, name in rows}
    found, _ = alerts.standing(Subject(SubjectKind.USAGE, capture) for capture in names)
    return [(names[each.subject.id], each) for each in found]


def sums(statement_id: UUID) -> tuple[int, int]:
    """Give how many lines a statement has, and what they add up to."""
    found = StatementLine.objects.filter(statement_id=statement_id).aggregate(lines=Count("id"), fen=Sum("amount_fen"))
    return found["lines"], found["fen"] or 0


def capture_ids(statement_id: UUID) -> list[UUID]:
    """Give the captures of a statement's lines."""
    rows = StatementLine.objects.filter(statement_id=statement_id).order_by("id")
    return list(rows.values_list("capture_id", flat=True)[:LINES_MAX])


def voucher_ids(statement_id: UUID) -> list[UUID]:
    """Give the vouchers that a statement's captures were made on, each once."""
    rows = Capture.objects.filter(statement_lines__statement_id=statement_id).order_by("voucher_id")
    return list(rows.values_list("voucher_id", flat=True).distinct()[:LINES_MAX])


def order_ids(statement_id: UUID) -> list[UUID]:
    """Give the orders that a statement's captures are of."""
    rows = Capture.objects.filter(statement_lines__statement_id=statement_id, order__isnull=False)
    return [id_ for id_ in rows.order_by("order_id").values_list("order_id", flat=True)[:LINES_MAX] if id_ is not None]


def waiting(end: datetime) -> list[Waiting]:
    """Say what was captured up to an instant and is on no statement, by programme and centre; reads every capture."""
    return [Waiting(*each) for each in run("waiting.sql", end=end, most=ROWS_MAX)]


def decision(stored: object) -> dict[str, Any]:
    """Give a stored decision as an object, whichever way the driver hands JSON over."""
    found: dict[str, Any] = json.loads(stored) if isinstance(stored, str) else stored  # type: ignore[assignment]
    return found


def run(name: str, **words: Any) -> list[tuple[Any, ...]]:
    """Run one of the stage's SQL files and give its rows."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / name).read_text(encoding="utf-8"), words)
        return cursor.fetchall() if cursor.description else []


def _bounded(limit: int) -> int:
    return max(1, min(limit, ROWS_MAX))

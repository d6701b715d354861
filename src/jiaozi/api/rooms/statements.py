"""Statements of centres: open, closed, claimed, matched three ways, approved, paid; disputed; exported."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Filter, Limit, Page, at_date, at_number, page
from jiaozi.api.problem import UnableToRead
from jiaozi.api.shape import Fen, Name, Reasoned, Reference, Shape, Wish, id_of, one_of, path_of
from jiaozi.kernel import clock
from jiaozi.kernel.period import Period
from jiaozi.party.rules import Reach, Scope, check_may_see, reach_of
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Disallowance, Statement
from jiaozi.settlement.queries.exporting import ExportForm
from jiaozi.settlement.rules.confirming import Answer
from jiaozi.settlement.rules.life import State

router = Router(tags=["statements"])
StatementState = Annotated[State, one_of(State)]
LineAnswer = Annotated[Answer, one_of(Answer)]
FormName = Annotated[ExportForm, one_of(ExportForm)]
CLAIM_LINES_MAX = 20_000


class StatementShape(Shape):
    """A centre's statement of a period; what is owed is ``total_fen``, the sum of its lines."""

    id: UUID
    programme: str
    centre: str = id_of("centre")
    first: date
    end: date = Field(description="the first day that is not in it any more")
    state: StatementState
    captures: int
    total_fen: int
    claim_number: int
    claim_total_fen: int | None
    claim_kind: str = Field(description="FILE: the centre's own books; CONFIRMED: the platform's metering, by line")
    claimed_at: datetime | None
    claimed_by: str
    ledger_total_fen: int | None
    reason: str
    resolution: str
    opened_at: datetime
    closed_at: datetime | None
    matched_at: datetime | None
    approved_at: datetime | None
    approved_by: str
    paid_at: datetime | None
    paid_by: str
    bank_reference: str


class StatementFilter(Filter):
    """Which statements."""

    centre: Name | None = None
    state: list[StatementState] = []


class StatementLineShape(Shape):
    """One line: a capture, what the centre claimed for it, and what the ledger has."""

    id: int
    capture: UUID = id_of("capture")
    order: UUID | None = path_of("capture", "order_id")
    kind: str
    captured_at: datetime = path_of("capture", "captured_at")
    amount_fen: int
    claimed_fen: int | None
    reason: str | None = Field(description="why the centre objects to the line")
    ledger_fen: int | None


class StatementLineFilter(Wish):
    """A page of lines; ``text`` is an order's number as it stands on screen, or a usage record's own id."""

    answer: LineAnswer | None = None
    text: Annotated[str, Field(max_length=100)] = ""

    limit: Limit = 100
    cursor: Cursor = ""


class LineWish(Wish):
    """One line of a statement."""

    capture: UUID


class Objection(Reasoned):
    """What the centre says a line is: its own figure of the voucher's share, and why."""

    capture: UUID
    amount_fen: Fen


class ConfirmationShape(Shape):
    """How many lines the centre answered how, and what was metered on them."""

    lines: int
    none: int
    none_fen: int
    confirmed: int
    confirmed_fen: int
    objected: int
    objected_fen: int


class DifferenceShape(Shape):
    """A line on which claim, metering and ledger don't agree; null where one of them has no such line."""

    reference: str
    claimed_fen: int | None
    metered_fen: int | None
    ledger_fen: int | None


class Differences(Shape):
    """The first 200 lines that differ, and how many there are in all."""

    items: list[DifferenceShape]
    total: int


class WaitingShape(Shape):
    """Captures at one centre that no statement has yet."""

    programme: str
    centre: str
    captures: int
    amount_fen: int


class WaitingList(Shape):
    """What waits for the next statements."""

    items: list[WaitingShape]


class Span(Wish):
    """A centre's statement of the days from ``first`` up to and without ``end``."""

    programme: Name = ""
    centre: Name
    first: date
    end: date


class Claim(Wish):
    """What the centre claims: an order's, capture's or usage record's id → fen of the voucher's share."""

    lines: Annotated[dict[str, int], Field(min_length=1, max_length=CLAIM_LINES_MAX)]


class Payment(Wish):
    """The bank's own id of the transfer."""

    bank_reference: Reference


class Resolved(Wish):
    """How the dispute ended."""

    resolution: Annotated[str, Field(min_length=1, max_length=400)]


class DisallowWish(Reasoned):
    """What is taken back of a line that was paid."""

    capture: UUID
    amount_fen: Fen
    reference: Reference


class DisallowanceShape(Shape):
    """What a centre owes to the reserve again."""

    id: UUID
    statement: UUID = id_of("statement")
    capture: UUID = id_of("capture")
    amount_fen: int
    reference: str
    reason: str
    at: datetime


def _shown(row: Statement) -> StatementShape:
    return StatementShape.model_validate(row)


def disallowed(row: Disallowance) -> DisallowanceShape:
    """Show what was taken back."""
    return DisallowanceShape.model_validate(row)


def _of(request: Asked, statement_id: UUID, *, lock: bool = False) -> Statement:
    row = queries.statement(statement_id, lock=lock)
    check_may_see(request.auth, centre=row.centre_id, programme=row.programme)
    return row


def _held_fast(request: Asked, statement_id: UUID) -> StatementShape:
    return _shown(_of(request, statement_id, lock=True))


def _step(verb: Any, request: Asked, statement_id: UUID, **words: Any) -> StatementShape:
    return _shown(verb(statement_id=statement_id, by=request.auth, now=clock.now(), **words))


def _period(given: Span) -> Period:
    if given.end <= given.first:
        raise UnableToRead(
            "PERIOD_EMPTY", "结束日须晚于开始日", "the end must be later than the first day", field="end"
        )
    return Period(given.first, given.end)


@reads(router, "/statements", Page[StatementShape])
def list_statements(request: Asked, asked: Query[StatementFilter]) -> Page[StatementShape]:
    """Statements, the latest period first; a centre sees its own."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(centre=asked.centre), holders=False)
    rows = queries.statements(
        programme,
        centre=reach.centre or "",
        states=asked.state,
        after=at_date(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, _shown, lambda row: (row.first, row.id))


@reads(router, "/statements/waiting", WaitingList)
def list_captures_waiting(request: Asked, programme: Name = "") -> WaitingList:
    """What is captured and on no statement yet, by centre."""
    wanted = programme_of(request, programme)
    reach = reach_of(request.auth, wanted, Reach(), holders=False)
    rows = [each for each in queries.waiting(programme=wanted) if reach.centre in {None, each.centre}]
    return WaitingList(items=[WaitingShape.model_validate(each) for each in rows])


@writes(router, "/statements/close", StatementShape, scope=Scope.SETTLE)
def close_statement(request: Asked, given: Span) -> StatementShape:
    """Close a centre's statement of a period: it takes every capture up to its end that is on none yet."""
    row = settlement.close_statement(
        programme=programme_of(request, given.programme),
        centre=given.centre,
        period=_period(given),
        by=request.auth,
        now=clock.now(),
    )
    return _shown(row)


@reads(router, "/statements/{statement_id}", StatementShape)
def get_statement(request: Asked, statement_id: UUID) -> StatementShape:
    """One statement."""
    return _shown(_of(request, statement_id))


@reads(router, "/statements/{statement_id}/lines", Page[StatementLineShape])
def list_statement_lines(
    request: Asked, statement_id: UUID, asked: Query[StatementLineFilter]
) -> Page[StatementLineShape]:
    """A statement's lines in their order, with what the centre has said of each."""
    row = _of(request, statement_id)
    rows = queries.answered_lines(
        row, answer=asked.answer, text=asked.text, after=at_number(asked.cursor), limit=asked.limit + 1
    )
    return page(rows, asked.limit, StatementLineShape.model_validate, lambda line: (line.id,))


@reads(router, "/statements/{statement_id}/differences", Differences)
def list_statement_differences(request: Asked, statement_id: UUID) -> Differences:
    """The lines on which the centre's claim, metering and the ledger don't agree."""
    found, total = queries.differences(_of(request, statement_id))
    return Differences(items=[DifferenceShape.model_validate(each) for each in found], total=total)


@reads(router, "/statements/{statement_id}/export", bytes, kind="application/octet-stream")
def export_statement(request: Asked, statement_id: UUID, form: FormName = ExportForm.CSV) -> HttpResponse:
    """A statement as CSV, Excel, FOCUS with the voucher as credit, or the PDF that is signed."""
    row = _of(request, statement_id)
    ending = "focus.csv" if form is ExportForm.FOCUS else form.value
    return HttpResponse(
        queries.export(row.id, form),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="statement-{row.id}.{ending}"'},
    )


@writes(router, "/statements", StatementShape, scope=Scope.SETTLE)
def open_statement(request: Asked, given: Span) -> StatementShape:
    """Open a centre's statement of a period; the one that is there already is given again."""
    row = settlement.open_statement(
        programme=programme_of(request, given.programme),
        centre=given.centre,
        period=_period(given),
        by=request.auth,
        now=clock.now(),
    )
    return _shown(row)


@writes(router, "/statements/{statement_id}/claim", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def claim_statement(request: Asked, statement_id: UUID, given: Claim) -> StatementShape:
    """Say what the centre claims; a later claim replaces an earlier one until the statement is matched."""
    return _step(settlement.claim, request, statement_id, lines=given.lines)


@reads(router, "/statements/{statement_id}/confirmation", ConfirmationShape)
def get_statement_confirmation(request: Asked, statement_id: UUID) -> ConfirmationShape:
    """How far the centre has confirmed a statement's usage."""
    return ConfirmationShape.model_validate(queries.confirmation(_of(request, statement_id).id))


@writes(router, "/statements/{statement_id}/confirm", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def confirm_statement(request: Asked, statement_id: UUID) -> StatementShape:
    """Claim every line as it was metered; what the centre objects to stays objected to."""
    return _step(settlement.confirm, request, statement_id)


@writes(router, "/statements/{statement_id}/confirm-line", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def confirm_statement_line(request: Asked, statement_id: UUID, given: LineWish) -> StatementShape:
    """Claim one line as it was metered, and withdraw what was objected to it."""
    return _step(settlement.confirm_line, request, statement_id, capture_id=given.capture)


@writes(router, "/statements/{statement_id}/object", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def object_to_statement_line(request: Asked, statement_id: UUID, given: Objection) -> StatementShape:
    """Claim another amount for one line, with the reason: nothing is matched while it stands."""
    words = {"capture_id": given.capture, "amount_fen": given.amount_fen, "reason": given.reason}
    return _step(settlement.object_to, request, statement_id, **words)


@writes(router, "/statements/{statement_id}/match", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def match_statement(request: Asked, statement_id: UUID) -> StatementShape:
    """Match a statement three ways; a difference on any line blocks it."""
    return _step(settlement.match, request, statement_id)


@writes(router, "/statements/{statement_id}/approve", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def approve_statement(request: Asked, statement_id: UUID) -> StatementShape:
    """Approve a matched statement for payment."""
    return _step(settlement.approve, request, statement_id)


@writes(router, "/statements/{statement_id}/pay", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def pay_statement(request: Asked, statement_id: UUID, given: Payment) -> StatementShape:
    """Record that an approved statement was paid; another person of finance than the one who approved."""
    return _step(settlement.pay, request, statement_id, bank_reference=given.bank_reference)


@writes(router, "/statements/{statement_id}/dispute", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def dispute_statement(request: Asked, statement_id: UUID, given: Reasoned) -> StatementShape:
    """Stop a statement that is not paid yet, with the reason."""
    return _step(settlement.dispute, request, statement_id, reason=given.reason)


@writes(router, "/statements/{statement_id}/resolve", StatementShape, scope=Scope.SETTLE, seen=_held_fast)
def resolve_statement(request: Asked, statement_id: UUID, given: Resolved) -> StatementShape:
    """End a dispute: the statement gives its captures back, and the next one takes them."""
    return _step(settlement.resolve, request, statement_id, resolution=given.resolution)


@writes(router, "/statements/{statement_id}/disallow", DisallowanceShape, scope=Scope.SETTLE)
def disallow_capture(request: Asked, statement_id: UUID, given: DisallowWish) -> DisallowanceShape:
    """Take back what was paid for a capture; the centre owes it to the reserve from now on."""
    row = settlement.disallow(
        statement_id=statement_id,
        capture_id=given.capture,
        amount_fen=given.amount_fen,
        reason=given.reason,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
    )
    return disallowed(row)

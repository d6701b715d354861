"""Vouchers: list, one with what is left of it, its statement of account, and what an officer may do to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.shape import Reasoned, Shape, one_of
from jiaozi.kernel import clock
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.queries import Entry
from jiaozi.order import services as order
from jiaozi.party.rules import Reach, Scope, check_may_see, reach_of
from jiaozi.voucher import queries
from jiaozi.voucher import services as voucher
from jiaozi.voucher.queries import Purse
from jiaozi.voucher.rules import State, voucher_account

router = Router(tags=["vouchers"])
ENTRIES_MAX = 500
VoucherState = Annotated[State, one_of(State)]


class VoucherShape(Shape):
    """One voucher; face = spendable + held + used + ended, in fen."""

    id: UUID
    number: str = Field(description="what people read: the end of the id")
    programme: str
    version: UUID = Field(description="the programme's version that it was granted under")
    application: UUID
    holder: UUID
    holder_name: str
    clause: str
    state: VoucherState
    reason: str
    face_fen: int
    spendable_fen: int
    held_fen: int
    used_fen: int
    ended_fen: int
    issued_at: datetime
    valid_until: date


class VoucherFilter(Filter):
    """Which vouchers."""

    holder: UUID | None = None
    state: list[VoucherState] = []


class EntryShape(Shape):
    """One line of a voucher's account; the balance follows posted lines, holds are shown beside it."""

    id: UUID
    at: datetime
    kind: str
    event: str
    reference: UUID | None
    debit_fen: int
    credit_fen: int
    balance_fen: int


class AccountStatement(Shape):
    """A voucher's account: its latest lines, oldest first."""

    voucher: UUID
    lines: list[EntryShape]


class QuotaShape(Shape):
    """What is left of a voucher's quota in kind, in card-seconds; all zeros for one in money."""

    issued_s: int
    left_s: int
    held_s: int
    used_s: int
    ended_s: int


def shown(purse: Purse) -> VoucherShape:
    """Show a voucher."""
    row = purse.voucher
    return VoucherShape.model_construct(
        id=row.id,
        number=row.number,
        programme=row.programme,
        version=row.version_id,
        application=row.application_id,
        holder=row.holder_id,
        holder_name=row.holder.name,
        clause=row.clause,
        state=State(row.state),
        reason=row.reason,
        face_fen=row.face_fen,
        spendable_fen=purse.spendable_fen,
        held_fen=purse.held_fen,
        used_fen=purse.used_fen,
        ended_fen=purse.ended_fen,
        issued_at=row.issued_at,
        valid_until=row.valid_until,
    )


def _seen(request: Asked, voucher_id: UUID) -> Purse:
    purse = queries.purse(voucher_id)
    check_may_see(request.auth, holder=purse.voucher.holder_id, programme=purse.voucher.programme)
    return purse


def _held_fast(request: Asked, voucher_id: UUID) -> VoucherShape:
    queries.voucher(voucher_id, lock=True)
    return shown(_seen(request, voucher_id))


@reads(router, "/vouchers", Page[VoucherShape])
def list_vouchers(request: Asked, asked: Query[VoucherFilter]) -> Page[VoucherShape]:
    """Vouchers, the latest first; an applicant sees those of its organisation."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder), centres=False)
    rows = queries.purses(
        programme=programme,
        holder=reach.holder,
        states=asked.state,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, shown, lambda purse: (purse.voucher.issued_at, purse.voucher.id))


@reads(router, "/vouchers/{voucher_id}", VoucherShape)
def get_voucher(request: Asked, voucher_id: UUID) -> VoucherShape:
    """One voucher with what is left of it."""
    return shown(_seen(request, voucher_id))


@reads(router, "/vouchers/{voucher_id}/statement", AccountStatement)
def get_voucher_statement(request: Asked, voucher_id: UUID) -> AccountStatement:
    """The voucher's statement of account: its latest 500 lines."""
    row = _seen(request, voucher_id).voucher
    entries = ledger.statement(voucher_account(row.programme, row.id), limit=ENTRIES_MAX)
    return AccountStatement.model_construct(voucher=row.id, lines=[_line(entry) for entry in entries])


@reads(router, "/vouchers/{voucher_id}/quota", QuotaShape)
def get_voucher_quota(request: Asked, voucher_id: UUID) -> QuotaShape:
    """What is left of the voucher's quota in kind; issued = left + held + used + ended."""
    return QuotaShape.model_validate(order.quota_of(_seen(request, voucher_id).voucher.id))


def _line(entry: Entry) -> EntryShape:
    return EntryShape.model_construct(
        id=entry.id,
        at=entry.at,
        kind=entry.kind.name,
        event=entry.event,
        reference=entry.reference,
        debit_fen=entry.debit_fen,
        credit_fen=entry.credit_fen,
        balance_fen=entry.balance_fen,
    )


@writes(router, "/vouchers/{voucher_id}/freeze", VoucherShape, scope=Scope.DECIDE, seen=_held_fast)
def freeze_voucher(request: Asked, voucher_id: UUID, given: Reasoned) -> VoucherShape:
    """Stop new orders on a voucher; jobs that hold part of it go on."""
    voucher.freeze(voucher_id=voucher_id, reason=given.reason, by=request.auth, now=clock.now())
    return shown(queries.purse(voucher_id))


@writes(router, "/vouchers/{voucher_id}/unfreeze", VoucherShape, scope=Scope.DECIDE, seen=_held_fast)
def unfreeze_voucher(request: Asked, voucher_id: UUID, given: Reasoned) -> VoucherShape:
    """Let a frozen voucher be spent again."""
    voucher.unfreeze(voucher_id=voucher_id, reason=given.reason, by=request.auth, now=clock.now())
    return shown(queries.purse(voucher_id))


@writes(router, "/vouchers/{voucher_id}/cancel", VoucherShape, scope=Scope.DECIDE, seen=_held_fast)
def cancel_voucher(request: Asked, voucher_id: UUID, given: Reasoned) -> VoucherShape:
    """Take back a voucher of which nothing was held or used."""
    voucher.cancel(voucher_id=voucher_id, reason=given.reason, by=request.auth, now=clock.now())
    return shown(queries.purse(voucher_id))


@writes(router, "/vouchers/{voucher_id}/revoke", VoucherShape, scope=Scope.DECIDE, seen=_held_fast)
def revoke_voucher(request: Asked, voucher_id: UUID, given: Reasoned) -> VoucherShape:
    """Take back what is left of a voucher; what jobs hold follows when they end."""
    voucher.revoke(voucher_id=voucher_id, reason=given.reason, by=request.auth, now=clock.now())
    return shown(queries.purse(voucher_id))


@writes(router, "/vouchers/{voucher_id}/end-quota", QuotaShape, scope=Scope.DECIDE)
def end_voucher_quota(request: Asked, voucher_id: UUID) -> QuotaShape:
    """Take what is left of an ended voucher's quota in kind; what jobs hold follows when they end."""
    return QuotaShape.model_validate(order.end_quota(voucher_id=voucher_id, by=request.auth, now=clock.now()))

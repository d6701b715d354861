"""Redemptions: what a holder claims on a voucher, with an invoice or metered use as proof, and what it is paid."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.shape import Fen, Name, Reasoned, Reference, Shape, Text, Wish, id_of, one_of, path_of
from jiaozi.kernel import clock
from jiaozi.party.rules import Reach, Scope, check_may_see, check_oversees, reach_of
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Clawback, GrantPayment, Redemption
from jiaozi.settlement.rules.redeem import RedeemState
from jiaozi.settlement.rules.redeem_proof import CAPTURES_MAX, Invoice

router = Router(tags=["redemptions"])
RedemptionState = Annotated[RedeemState, one_of(RedeemState)]


class RedemptionShape(Shape):
    """One claim; ``held_fen`` is what it may come to, ``amount_fen`` what was accepted, by its ``bounds``."""

    id: UUID
    programme: str
    voucher: UUID = id_of("voucher")
    holder: UUID = path_of("voucher", "holder_id")
    pay_model: str
    state: RedemptionState
    seller: str
    invoice_number: str
    invoice_date: date | None
    claimed_fen: int
    held_fen: int
    accepted_fen: int | None
    amount_fen: int | None
    bounds: Any
    reason: str
    submitted_at: datetime
    decided_at: datetime | None


class RedemptionFilter(Filter):
    """Which redemptions."""

    holder: UUID | None = None
    state: list[RedemptionState] = []


class InvoiceWish(Wish):
    """What the holder was invoiced and paid."""

    seller: Name
    number: Name
    issued_on: date
    amount_fen: Fen


class NewRedemption(Wish):
    """A claim: by an invoice, or by metered use (captures' ids)."""

    voucher: UUID
    invoice: InvoiceWish | None = None
    uses: Annotated[list[UUID], Field(max_length=CAPTURES_MAX)] = []


class Acceptance(Wish):
    """What was really paid; a reason where it is less than claimed."""

    accepted_fen: Fen
    reason: Text = ""


class BankPayment(Wish):
    """The bank's own id of the transfer."""

    bank_reference: Reference


class PaymentShape(Shape):
    """A payment to a holder."""

    id: UUID
    programme: str
    redemption: UUID | None = id_of("redemption")
    stage: UUID | None = id_of("stage")
    amount_fen: int
    bank_reference: str
    by: str
    at: datetime


class ClawbackWish(Reasoned):
    """What is taken back of a payment."""

    amount_fen: Fen
    reference: Reference


class RecoveryWish(Wish):
    """What a holder paid back."""

    amount_fen: Fen
    reference: Reference


class ClawbackShape(Shape):
    """What a holder owes to the reserve."""

    id: UUID
    payment: UUID = id_of("payment")
    amount_fen: int
    reference: str
    reason: str
    at: datetime


class RecoveryShape(Shape):
    """What a holder paid back."""

    id: UUID
    clawback: UUID = id_of("clawback")
    amount_fen: int
    reference: str
    at: datetime


def _shown(row: Redemption) -> RedemptionShape:
    return RedemptionShape.model_validate(row)


def _seen(request: Asked, redemption_id: UUID, *, lock: bool = False) -> RedemptionShape:
    row = queries.redemption(redemption_id, lock=lock)
    check_may_see(request.auth, holder=row.voucher.holder_id, programme=row.programme)
    return _shown(row)


def _held_fast(request: Asked, redemption_id: UUID) -> RedemptionShape:
    return _seen(request, redemption_id, lock=True)


def _step(verb: Any, request: Asked, redemption_id: UUID, **words: Any) -> RedemptionShape:
    return _shown(verb(redemption_id=redemption_id, by=request.auth, now=clock.now(), **words))


def _payment(row: GrantPayment) -> PaymentShape:
    return PaymentShape.model_validate(row)


def _clawback(row: Clawback) -> ClawbackShape:
    return ClawbackShape.model_validate(row)


@reads(router, "/redemptions", Page[RedemptionShape])
def list_redemptions(request: Asked, asked: Query[RedemptionFilter]) -> Page[RedemptionShape]:
    """Redemptions, the latest first; a holder sees its own."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder), centres=False)
    rows = queries.redemptions(
        programme,
        holder=reach.holder,
        states=asked.state,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, _shown, lambda row: (row.submitted_at, row.id))


@reads(router, "/redemptions/{redemption_id}", RedemptionShape)
def get_redemption(request: Asked, redemption_id: UUID) -> RedemptionShape:
    """One redemption."""
    return _seen(request, redemption_id)


@writes(router, "/redemptions", RedemptionShape, scope=Scope.SPEND)
def submit_redemption(request: Asked, given: NewRedemption) -> RedemptionShape:
    """Claim on a voucher what an invoice, or metered use, cost; the most it may come to is held."""
    invoice = Invoice(**given.invoice.model_dump()) if given.invoice else None
    row = settlement.submit_redemption(
        voucher_id=given.voucher, by=request.auth, now=clock.now(), invoice=invoice, uses=given.uses
    )
    return _shown(row)


@writes(router, "/redemptions/{redemption_id}/accept", RedemptionShape, scope=Scope.DECIDE, seen=_held_fast)
def accept_redemption(request: Asked, redemption_id: UUID, given: Acceptance) -> RedemptionShape:
    """Accept what was really paid; the clause, its shares, the voucher and the caps give the amount."""
    words = {"accepted_fen": given.accepted_fen, "reason": given.reason}
    return _step(settlement.accept_redemption, request, redemption_id, **words)


@writes(router, "/redemptions/{redemption_id}/reject", RedemptionShape, scope=Scope.DECIDE, seen=_held_fast)
def reject_redemption(request: Asked, redemption_id: UUID, given: Reasoned) -> RedemptionShape:
    """Reject a claim, with the reason."""
    return _step(settlement.reject_redemption, request, redemption_id, reason=given.reason)


@writes(router, "/redemptions/{redemption_id}/withdraw", RedemptionShape, scope=Scope.SPEND, seen=_held_fast)
def withdraw_redemption(request: Asked, redemption_id: UUID) -> RedemptionShape:
    """Take a claim back before it is decided."""
    return _step(settlement.withdraw_redemption, request, redemption_id)


@writes(router, "/redemptions/{redemption_id}/cancel", RedemptionShape, scope=Scope.DECIDE, seen=_held_fast)
def cancel_redemption(request: Asked, redemption_id: UUID, given: Reasoned) -> RedemptionShape:
    """Take an acceptance back before it is paid, with the reason."""
    return _step(settlement.cancel_redemption, request, redemption_id, reason=given.reason)


@writes(router, "/redemptions/{redemption_id}/pay", RedemptionShape, scope=Scope.SETTLE, seen=_held_fast)
def pay_redemption(request: Asked, redemption_id: UUID, given: BankPayment) -> RedemptionShape:
    """Record that an accepted redemption was paid; another person than the one who accepted."""
    return _step(settlement.pay_redemption, request, redemption_id, bank_reference=given.bank_reference)


@reads(router, "/payments", Page[PaymentShape])
def list_payments(request: Asked, asked: Query[Filter]) -> Page[PaymentShape]:
    """Payments to holders, the latest first."""
    programme = programme_of(request, asked.programme)
    check_oversees(request.auth, programme)
    rows = queries.payments(programme, after=at_instant(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _payment, lambda row: (row.at, row.id))


@reads(router, "/clawbacks", Page[ClawbackShape])
def list_clawbacks(request: Asked, asked: Query[Filter]) -> Page[ClawbackShape]:
    """What was taken back from holders, the latest first."""
    programme = programme_of(request, asked.programme)
    check_oversees(request.auth, programme)
    rows = queries.clawbacks(programme, after=at_instant(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _clawback, lambda row: (row.at, row.id))


@writes(router, "/payments/{payment_id}/claw-back", ClawbackShape, scope=Scope.SETTLE)
def claw_back_payment(request: Asked, payment_id: UUID, given: ClawbackWish) -> ClawbackShape:
    """Take back what a holder was paid; it owes that to the reserve from now on."""
    row = settlement.claw_back(
        payment_id=payment_id,
        amount_fen=given.amount_fen,
        reason=given.reason,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
    )
    return _clawback(row)


@writes(router, "/clawbacks/{clawback_id}/recover", RecoveryShape, scope=Scope.SETTLE)
def recover_clawback(request: Asked, clawback_id: UUID, given: RecoveryWish) -> RecoveryShape:
    """Record what a holder paid back."""
    row = settlement.recover_clawback(
        clawback_id=clawback_id,
        amount_fen=given.amount_fen,
        reference=given.reference,
        by=request.auth,
        now=clock.now(),
    )
    return RecoveryShape.model_validate(row)

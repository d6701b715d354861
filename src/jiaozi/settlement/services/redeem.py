"""A holder that paid in full redeems its voucher: submit with proof, accept by the clause, pay from the reserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from jiaozi.application import services as application
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.kernel.period import local_date
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, Transfer, TransferStatus, UnableToTransfer
from jiaozi.party.rules import Actor
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import CapUse, Decision, Document, OrderTerms, order_terms
from jiaozi.policy.rules.redeeming import caps_on, decide_on_base
from jiaozi.policy.rules.words import PayModel, StepOfLife
from jiaozi.settlement.models import Redemption, RedemptionUse
from jiaozi.settlement.queries import grants as reads
from jiaozi.settlement.rules import granting, life
from jiaozi.settlement.rules import redeem as rules
from jiaozi.settlement.rules import redeem_proof as proofs
from jiaozi.settlement.rules.redeem import REDEEM_TRANSITIONS, Bound, RedeemState
from jiaozi.settlement.rules.redeem_proof import Invoice
from jiaozi.settlement.services.granting import (
    allowed,
    locks,
    move,
    paid_already,
    payment_row,
    post_payment,
    post_with_caps,
    require_clear,
)
from jiaozi.settlement.services.screening import screen_redemption
from jiaozi.settlement.services.step import one_at_a_time
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher


@dataclass(frozen=True, slots=True)
class _Right:
    """A voucher with what it rests on: the programme's text, the decision, the terms of a day."""

    voucher: Voucher
    document: Document
    decision: Decision
    terms: OrderTerms


def _right(voucher_id: UUID, today: date) -> _Right:
    voucher = vouchers.voucher_for_spending(voucher_id)
    document = policy.document(voucher.version_id)
    decision = Decision.from_json(voucher.application.decision or {})
    kind = decision.clause.voucher_class if decision.clause else ""
    terms = order_terms(document, today, allow_demo=voucher.version.demo, voucher_class=kind)
    return _Right(voucher, document, decision, terms)


def submit_redemption(
    *, voucher_id: UUID, by: Actor, now: datetime, invoice: Invoice | None = None, uses: Sequence[UUID] = ()
) -> Redemption:
    """Claim on a voucher what an invoice, or metered use (captures' ids), cost; the most it may come to is held.

    The papers are handed in by ``application.attach`` with ``about`` set to the redemption's id.

    Raises
    ------
    UnableToRedeem, UnableToSpend
        When it is another's, the programme deducts at the order, the invoice was used before, or nothing is left.
    """
    today = local_date(now)
    with transaction.atomic():
        right = _right(voucher_id, today)
        voucher, model = right.voucher, right.terms.pay_model
        rules.check_own(by, voucher.holder_id)
        voucher_rules.check_spendable(voucher_rules.State(voucher.state), voucher.valid_until, today)
        proofs.check_proof(invoiced=invoice is not None, metered=bool(uses))
        rules.check_model(model, metered=invoice is None)
        one_at_a_time(*locks(voucher_id))
        rules.check_again(model, reads.redeemed(voucher_id).live, in_parts=right.terms.partial_use)
        costs = reads.uses_of(voucher_id, uses) if invoice is None else {}
        checked = proofs.check_invoice(invoice, today) if invoice else None
        claimed_fen = _claimed(voucher, checked, uses, costs)
        held_fen = rules.most_fen(claimed_fen, right.terms.share, vouchers.spendable_fen(voucher))
        row = _store(right, checked, claimed_fen, held_fen, by, now)
        RedemptionUse.objects.bulk_create(
            RedemptionUse(redemption=row, capture_id=id_, amount_fen=fen) for id_, fen in costs.items()
        )
        body = {"claimed_fen": claimed_fen, "held_fen": held_fen, "voucher": str(voucher_id), "uses": len(costs)}
        body |= {"invoice": digest([row.seller, row.invoice_number]).hex()}
        journal.write(Line("settlement", "submit_redemption", row.id, "", row.state, by.name, now, body))
        screen_redemption(row, by=by, now=now)
        ledger.open_accounts([granting.settled_account(row.programme)])
        ledger.require([granting.redeem_hold(row.id, "submit", row.programme, voucher_id, held_fen)], at=now)
    return row


def _claimed(voucher: Voucher, checked: Invoice | None, uses: Sequence[UUID], costs: dict[UUID, int]) -> int:
    if checked is None:
        return proofs.check_uses(uses, list(costs.values()), reads.uses_taken(uses))
    proofs.check_seller(checked.seller, voucher.holder.uscc)
    one_at_a_time("invoice", voucher.programme, checked.number)
    proofs.check_invoice_free(reads.invoice_taken(voucher.programme, checked.number), checked.number)
    return checked.amount_fen


def _store(  # noqa: PLR0917 - the parts of one row
    right: _Right, checked: Invoice | None, claimed_fen: int, held_fen: int, by: Actor, now: datetime
) -> Redemption:
    return Redemption.objects.create(
        id=new_id(),
        programme=right.voucher.programme,
        voucher=right.voucher,
        pay_model=right.terms.pay_model,
        state=RedeemState.SUBMITTED,
        seller=checked.seller if checked else "",
        invoice_number=checked.number if checked else "",
        invoice_date=checked.issued_on if checked else None,
        claimed_fen=claimed_fen,
        held_fen=held_fen,
        submitted_by=by.name,
        submitted_at=now,
    )


def accept_redemption(
    *, redemption_id: UUID, accepted_fen: int, by: Actor, now: datetime, reason: str = ""
) -> Redemption:  # fmt: skip
    """Accept what was really paid; the clause, its shares, the voucher and the caps give the amount.

    Raises
    ------
    UnableToKeepEvidence
        When a paper that the programme asks for is missing.
    UnableToProceed
        When an alert about the voucher, its dossier or its holder is not resolved.
    UnableToRedeem
        When less is accepted without a reason, or the bounds leave nothing; ``bounds`` has each of them.
    """
    with transaction.atomic():
        row = reads.redemption(redemption_id, lock=True)
        allowed(row, REDEEM_TRANSITIONS, RedeemState(row.state), "accept", by=by)
        one_at_a_time(*locks(row.voucher_id))
        right = _right(row.voucher_id, local_date(now))
        _check_payable(row, right.voucher)
        rules.check_accepted(accepted_fen, row.claimed_fen, reason)
        rules.check_apart((row.submitted_by,), by)
        application.require_papers(
            application=right.voucher.application, steps=(StepOfLife.REDEEM,), about=row.id, now=now
        )
        caps = [
            use for use in caps_on(right.document, right.decision, local_date(now)) if use.measures in rules.MEASURES
        ]
        again, found = _bounds(row, right, accepted_fen, caps)
        row.accepted_fen, row.amount_fen, row.reason = accepted_fen, rules.due_fen(found), reason.strip()
        row.decision, row.bounds = again.to_json() if again else None, [bound.to_json() for bound in found]
        row.decided_by, row.decided_at = by.name, now
        counted = voucher_rules.counted(caps, *rules.MEASURES)
        row.cap_keys = [use.key for use in counted]
        body = {"accepted_fen": accepted_fen, "amount_fen": row.amount_fen, "bounds": digest(row.bounds).hex()}
        body |= {"decision": digest(row.decision).hex(), "reason": digest(row.reason).hex()}
        changed = ("accepted_fen", "amount_fen", "reason", "decision", "bounds", "decided_by", "decided_at", "cap_keys")
        move(row, REDEEM_TRANSITIONS, RedeemState(row.state), "accept", name="accept_redemption", by=by, now=now,
             body=body, changed=changed)  # fmt: skip
        _hold_accepted(row, right, counted, now)
    return row


def _check_payable(row: Redemption, voucher: Voucher) -> None:
    """Let nothing be accepted or paid on a voucher that is stopped, or that an alert is about, nor for such use."""
    rules.check_not_frozen(voucher_rules.State(voucher.state))
    uses = () if row.invoice_number else reads.uses_claimed(row.id)
    require_clear(application=voucher.application_id, holder=voucher.holder_id, voucher=voucher.id, uses=uses)


def _bounds(
    row: Redemption, right: _Right, accepted_fen: int, caps: Sequence[CapUse]
) -> tuple[Decision | None, tuple[Bound, ...]]:
    before = reads.redeemed(row.voucher_id, besides=row.id)
    again = decide_on_base(right.document, right.decision, before.accepted_fen + accepted_fen)
    found = rules.bounds(
        again=again,
        redeemed_fen=before.amount_fen,
        order_share=right.terms.share,
        accepted_fen=accepted_fen,
        held_fen=row.held_fen,
        caps_left=reads.caps_left(row.programme, caps),
    )
    return again, found


def _hold_accepted(row: Redemption, right: _Right, caps: Sequence[CapUse], now: datetime) -> None:
    """Put the hold for what was accepted in the place of the one for the most; a letter's rest lapses."""
    amount_fen = row.amount_fen or 0
    accounts, follows = _follow(row, "accept", row.held_fen - amount_fen, right.voucher, now)
    chain = [
        granting.redeem_release(row.id, "submit"),
        granting.redeem_hold(row.id, "accept", row.programme, row.voucher_id, amount_fen),
        *granting.cap_holds("redeem.hold.cap", row.id, row.programme, row.cap_keys, amount_fen),
        *follows,
    ]
    if right.terms.pay_model is PayModel.TARGET_LETTER and not follows:
        rest_fen = row.held_fen - amount_fen + vouchers.spendable_fen(right.voucher)
        chain += granting.letter_rest(row.id, row.programme, row.voucher_id, rest_fen)
        accounts = (*accounts, Account(AccountKind.LAPSED, row.programme))
    refused = post_with_caps(row.programme, accounts, chain, caps, now)
    if refused is not None:
        line, status = refused
        use = next((use for use in caps if granting.cap_hold_id(row.id, use.key) == line.id), None)
        if use is not None and status is TransferStatus.EXCEEDS_CREDITS:
            raise rules.cap_reached(use, amount_fen)
        raise UnableToTransfer(status, line)


def _follow(
    row: Redemption, step: str, released_fen: int, voucher: Voucher, now: datetime
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Let what is released of a voucher that has ended meanwhile follow it."""
    return voucher_rules.released_lines(
        state=voucher_rules.State(voucher.state),
        voucher_id=row.voucher_id,
        programme=row.programme,
        order_id=named_id("redeem", row.id, step),
        released_fen=released_fen,
        returns_to_year=vouchers.returns_to(voucher, local_date(now)),
    )


def reject_redemption(*, redemption_id: UUID, reason: str, by: Actor, now: datetime) -> Redemption:
    """Reject a claim, with the reason; its invoice may be handed in again."""
    return _end(redemption_id, "reject", life.check_words(reason, "reason", life.REASON_MAX), by, now)


def withdraw_redemption(*, redemption_id: UUID, by: Actor, now: datetime) -> Redemption:
    """Take a claim back before it is decided."""
    return _end(redemption_id, "withdraw", "", by, now)


def cancel_redemption(*, redemption_id: UUID, reason: str, by: Actor, now: datetime) -> Redemption:
    """Take an acceptance back before it is paid, with the reason."""
    return _end(redemption_id, "cancel", life.check_words(reason, "reason", life.REASON_MAX), by, now)


def _end(redemption_id: UUID, verb: str, reason: str, by: Actor, now: datetime) -> Redemption:
    with transaction.atomic():
        row = reads.redemption(redemption_id, lock=True)
        if verb == "withdraw":
            rules.check_own(by, row.voucher.holder_id)
        one_at_a_time(*locks(row.voucher_id))
        voucher = vouchers.voucher_for_spending(row.voucher_id)
        accepted, released_fen = row.state == RedeemState.ACCEPTED, row.amount_fen or row.held_fen
        row.reason = reason
        body = {"reason": digest(reason).hex(), "released_fen": released_fen}
        move(row, REDEEM_TRANSITIONS, RedeemState(row.state), verb, name=f"{verb}_redemption", by=by, now=now,
             body=body, changed=("reason",))  # fmt: skip
        RedemptionUse.objects.filter(redemption=row).update(released=True)
        accounts, follows = _follow(row, verb, released_fen, voucher, now)
        ends = granting.redeem_cancel(row.id, row.cap_keys) if accepted else [granting.redeem_release(row.id, "submit")]
        ledger.open_accounts(accounts)
        ledger.require([*ends, *follows], at=now)
    return row


def pay_redemption(*, redemption_id: UUID, bank_reference: str, by: Actor, now: datetime) -> Redemption:
    """Pay an accepted redemption from the reserve; the same with the same reference again answers with the paid one.

    Raises
    ------
    UnableToRedeem
        When the payer decided or claimed it.
    UnableToPay
        When the reserve is short; nothing is paid then.
    """
    reference = life.check_words(bank_reference, "bank_reference")
    with transaction.atomic():
        one_at_a_time("fund", reads.redemption(redemption_id).programme)
        row = reads.redemption(redemption_id, lock=True)
        if paid_already(getattr(row, "payment", None), row.programme, reference):
            return row
        allowed(row, REDEEM_TRANSITIONS, RedeemState(row.state), "pay", by=by)
        _check_payable(row, vouchers.voucher_for_spending(row.voucher_id))
        rules.check_apart((row.decided_by, row.submitted_by), by)
        body = {"amount_fen": row.amount_fen, "bank_reference": reference}
        move(row, REDEEM_TRANSITIONS, RedeemState(row.state), "pay", name="pay_redemption", by=by, now=now, body=body)
        paid = payment_row(row, programme=row.programme, reference=reference, decided_by=row.decided_by, by=by, now=now)
        chain = granting.redeem_pay(row.id, paid.id, row.programme, paid.amount_fen, row.cap_keys)
        post_payment(row.programme, chain, paid.amount_fen, now)
    return row

"""Taking back what holders were paid: the amount becomes owed to the reserve, and is recovered in parts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.settlement.models import Clawback, ClawbackRecovery
from jiaozi.settlement.queries import fund
from jiaozi.settlement.queries import grants as reads
from jiaozi.settlement.rules import books, granting, life, position, split_disallowed
from jiaozi.settlement.services.step import one_at_a_time


def claw_back(
    *, payment_id: UUID, amount_fen: int, reason: str, reference: str, by: Actor, now: datetime
) -> Clawback:  # fmt: skip
    """Take back what a holder was paid; it owes that to the reserve from now on. Once by its reference.

    What the treasury has replaced already becomes due to it; what it has not is no longer to be replaced.

    Raises
    ------
    UnableToMoveFunds
        When it is more than what is left of the payment.
    """
    position.check_disallower(by.role)
    position.check_amount(amount_fen)
    reference = life.check_words(reference, "reference")
    reason = life.check_words(reason, "reason", life.REASON_MAX)
    with transaction.atomic():
        paid = reads.payment(payment_id)
        check_own_programme(by, paid.programme)
        one_at_a_time("fund", paid.programme)
        found = reads.clawback_under(paid.programme, reference)
        if found is not None:
            if (found.payment_id, found.amount_fen) != (payment_id, amount_fen):
                raise life.reference_used(reference)
            return found
        position.check_covers(amount_fen, reads.left_fen(paid), position.ON_LINE)
        net_fen, earlier_fen = reads.net_paid(paid)
        replenished_fen = fund.replenished_fen(paid.programme)
        split = split_disallowed(amount_fen, net_fen=net_fen, earlier_fen=earlier_fen, replenished_fen=replenished_fen)
        row = Clawback.objects.create(
            id=new_id(),
            programme=paid.programme,
            payment=paid,
            amount_fen=amount_fen,
            from_unreplenished_fen=split.from_unreplenished_fen,
            due_fen=split.due_fen,
            reference=reference,
            reason=reason,
            by=by.name,
            at=now,
        )
        body = {"amount_fen": amount_fen, "due_fen": split.due_fen, "payment": str(payment_id)}
        body |= {"reason": digest(reason).hex()}
        journal.write(Line("settlement", "claw_back", row.id, "", "", by.name, now, body))
        ledger.open_accounts(books.accounts(row.programme))
        ledger.require(granting.claw_back_lines(row.id, row.programme, split), at=now)
    return row


def recover_clawback(
    *, clawback_id: UUID, amount_fen: int, reference: str, by: Actor, now: datetime
) -> ClawbackRecovery:  # fmt: skip
    """Record what a holder paid back; once by the bank's reference.

    Raises
    ------
    UnableToMoveFunds
        When it is more than what is still owed.
    """
    position.check_finance(by.role)
    position.check_amount(amount_fen)
    reference = life.check_words(reference, "reference")
    with transaction.atomic():
        owed = reads.clawback(clawback_id)
        check_own_programme(by, owed.programme)
        one_at_a_time("fund", owed.programme)
        found = reads.recovery_under(owed.programme, reference)
        if found is not None:
            if (found.clawback_id, found.amount_fen) != (clawback_id, amount_fen):
                raise life.reference_used(reference)
            return found
        position.check_apart(owed.by, by)
        position.check_covers(amount_fen, reads.owed_fen(owed), position.STILL_OWED)
        row = ClawbackRecovery.objects.create(
            id=new_id(),
            programme=owed.programme,
            clawback=owed,
            amount_fen=amount_fen,
            reference=reference,
            by=by.name,
            at=now,
        )
        body = {"amount_fen": amount_fen, "clawback": str(clawback_id), "reference": reference}
        journal.write(Line("settlement", "recover_clawback", row.id, "", "", by.name, now, body))
        ledger.open_accounts(books.accounts(row.programme))
        ledger.require(granting.recover_lines(row.id, row.programme, amount_fen), at=now)
    return row

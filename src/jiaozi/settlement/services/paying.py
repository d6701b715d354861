"""Approve a statement, and pay it from the reserve: two people of finance, one chain in the books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.alert.rules import Subject, SubjectKind
from jiaozi.kernel.period import local_date
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Transfer, TransferStatus, UnableToTransfer
from jiaozi.metering import services as metering
from jiaozi.order import services as order
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import CapUse, Decision, Measure
from jiaozi.policy.rules.redeeming import caps_on
from jiaozi.settlement import queries
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries import fund as fund_reads
from jiaozi.settlement.queries import grants
from jiaozi.settlement.queries import reading as reads
from jiaozi.settlement.rules import State, books, life
from jiaozi.settlement.services.step import one_at_a_time, require_use_clear, take
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher import services as voucher


def approve(*, statement_id: UUID, by: Actor, now: datetime) -> Statement:
    """Approve a matched statement for payment; the use behind it is screened, and what is suspected stops ``pay``."""
    with transaction.atomic():
        row = queries.statement(statement_id, lock=True)
        row.approved_by, row.approved_at = by.name, now
        take(row, "approve", by=by, now=now, body={"amount_fen": row.total_fen}, changed=("approved_by", "approved_at"))
        captures = reads.capture_ids(row.id)
        metering.screen(programme=row.programme, captures=captures, by=by, now=now)
        metering.observe(programme=row.programme, captures=captures, by=by, now=now)
    return row


def pay(*, statement_id: UUID, bank_reference: str, by: Actor, now: datetime) -> Statement:
    """Pay an approved statement from the reserve; ``bank_reference`` is the bank's own id of the transfer.

    The same statement with the same reference again answers with the paid statement.

    Raises
    ------
    UnableToStep, UnableToActForProgramme
        When the actor is none who pays this programme's statements; nothing else is told then.
    UnableToProceed
        When an alert about the statement, its centre or the use behind a line is not resolved; it names the alert.
    UnableToPay
        When the payer is the approver, the reserve is short, or a cap measured on pay is reached; nothing is paid then.
    """
    reference = life.check_words(bank_reference, "bank_reference")
    with transaction.atomic():
        row = queries.statement(statement_id)
        check_own_programme(by, row.programme)
        life.check_may_pay(by.role)
        one_at_a_time("fund", row.programme)
        row = queries.statement(statement_id, lock=True)
        if row.state == State.PAID and row.bank_reference == reference:
            return row
        if grants.reference_taken(row.programme, reference):
            raise life.reference_used(reference)
        life.check_apart(row.approved_by, by)
        _require_clear(row)
        row.bank_reference, row.paid_by, row.paid_at = reference, by.name, now
        body = {"amount_fen": row.total_fen, "bank_reference": reference, "captures": row.captures}
        take(row, "pay", by=by, now=now, body=body, changed=("bank_reference", "paid_by", "paid_at"))
        order.settled(reads.order_ids(row.id), statement=row.id, now=now)
        _post(row, now)
    return row


def _require_clear(row: Statement) -> None:
    subjects = [Subject(SubjectKind.STATEMENT, str(row.id)), Subject(SubjectKind.CENTRE, row.centre_id)]
    require_use_clear(row.id, subjects)


def _post(row: Statement, now: datetime) -> None:
    caps, counted = _caps(row, now)
    lines = books.pay_lines(
        statement_id=row.id,
        programme=row.programme,
        centre=row.centre_id,
        shards=fund_reads.shards(row.id),
        caps=counted,
    )
    if not lines:
        return
    ledger.open_accounts(books.accounts(row.programme))
    (statuses,) = voucher.apply_under_caps(programme=row.programme, caps=caps, chains=[lines], now=now)
    for line, status in zip(lines, statuses, strict=True):
        if not status.stands and status is not TransferStatus.CHAIN_FAILED:
            raise _refusal(row, line, status, caps)


def _caps(row: Statement, now: datetime) -> tuple[tuple[CapUse, ...], dict[str, int]]:
    """Give the caps measured on pay, as they count on the day of the payment, and what this statement counts for each.

    A decision that was made last year stands under this year's counters.
    """
    today = local_date(now)
    caps: dict[str, CapUse] = {}
    counted: dict[str, int] = {}
    for version, stored, fen in reads.run("pay_caps.sql", statement=row.id):
        decision = Decision.from_json(reads.decision(stored))
        on_pay = caps_on(policy.document(version), decision, today)
        for use in voucher_rules.counted(on_pay, Measure.PAID, Measure.REDEEMED):
            caps[use.key] = use
            counted[use.key] = counted.get(use.key, 0) + fen
    return tuple(caps.values()), counted


def _refusal(row: Statement, line: Transfer, status: TransferStatus, caps: tuple[CapUse, ...]) -> Exception:
    if line.event == "statement.pay.cash" and status is TransferStatus.EXCEEDS_DEBITS:
        return life.reserve_short(row.total_fen, queries.reserve_position(row.programme).reserve_fen)
    reached = next((use for use in caps if books.pay_cap_id(row.id, use.key) == line.id), None)
    if reached is not None and status is TransferStatus.EXCEEDS_CREDITS:
        return life.pay_cap_reached(reached, line.amount_fen)
    return UnableToTransfer(status, line)

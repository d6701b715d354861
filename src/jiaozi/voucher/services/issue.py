"""Issue: nothing is issued past the year's cap, because the cap is an account that can't be overdrawn."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.alert import services as alert
from jiaozi.alert.rules import Subject, SubjectKind
from jiaozi.application import services as application
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date, months_later
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import TransferStatus, UnableToTransfer
from jiaozi.party.rules import Actor
from jiaozi.policy import queries as policy
from jiaozi.policy import rules as policy_rules
from jiaozi.policy.rules import CapUse, Measure
from jiaozi.voucher import rules
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.rules import State
from jiaozi.voucher.services.limits import apply_under_caps, caps_in_force


def issue(*, application_id: UUID, by: Actor, now: datetime, reason: str = "") -> Voucher:
    """Approve an application after its public notice and issue its voucher, in one step; ``reason`` as in ``approve``.

    Raises
    ------
    UnableToDecide
        When the application can't be approved now.
    UnableToProceed
        When an alert about the application or its holder is not resolved; it names the alert.
    UnableToIssue
        When the year's budget or a cap measured on issue does not cover the amount; nothing is approved then.
    """
    with transaction.atomic():
        row, approval = application.approve(application_id=application_id, by=by, now=now, reason=reason)
        subjects = [Subject(SubjectKind.APPLICATION, str(row.id)), Subject(SubjectKind.HOLDER, str(row.holder_id))]
        alert.require_clear(subjects=subjects)
        rules.check_grants_voucher(approval.decision)
        today = local_date(now)
        kind = approval.decision.clause.voucher_class if approval.decision.clause else ""
        terms = policy_rules.order_terms(
            policy.document(row.version_id), today, allow_demo=row.version.demo, voucher_class=kind
        )
        last = rules.last_day(months_later(today, terms.validity_months), terms.valid_until)
        rules.check_valid(today, last)
        voucher = Voucher.objects.create(
            id=new_id(),
            programme=row.programme,
            version_id=row.version_id,
            application=row,
            holder_id=row.holder_id,
            clause=approval.decision.chosen,
            face_fen=approval.amount_fen,
            state=State.ACTIVE,
            issued_at=now,
            valid_until=last,
        )
        body = {
            "amount_fen": voucher.face_fen,
            "application": str(row.id),
            "clause": voucher.clause,
            "holder": str(row.holder_id),
            "valid_until": voucher.valid_until.isoformat(),
        }
        journal.write(Line("voucher", "issue", voucher.id, "", voucher.state, by.name, now, body))
        _post(voucher, today.year, approval.decision.caps, now)
    return voucher


def _post(voucher: Voucher, year: int, caps: tuple[CapUse, ...], now: datetime) -> None:
    lines = rules.issue_lines(
        voucher_id=voucher.id, programme=voucher.programme, year=year, amount_fen=voucher.face_fen, caps=caps
    )
    measured = rules.counted(caps, Measure.ISSUED)
    ledger.open_accounts(lines.accounts)
    (statuses,) = apply_under_caps(programme=voucher.programme, caps=measured, chains=[lines.chain], now=now)
    for line, status in zip(lines.chain, statuses, strict=True):
        if status in {TransferStatus.EXCEEDS_CREDITS, TransferStatus.DEBIT_ACCOUNT_NOT_FOUND}:
            raise rules.short_of(line, caps_in_force(programme=voucher.programme, caps=measured, now=now))
        if not status.stands and status is not TransferStatus.CHAIN_FAILED:
            raise UnableToTransfer(status, line)

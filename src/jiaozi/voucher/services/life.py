"""What becomes of a voucher after issue: frozen and freed, expired, cancelled unused, revoked with a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.lifecycle import advance
from jiaozi.kernel.period import local_date
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import SYSTEM, Actor, check_own_programme
from jiaozi.voucher import queries, rules
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.rules import TRANSITIONS, State


def freeze(*, voucher_id: UUID, reason: str, by: Actor, now: datetime) -> Voucher:
    """Stop new orders on a voucher; jobs that hold part of it go on."""
    return _step(voucher_id, "freeze", by, now, rules.check_reason(reason))


def unfreeze(*, voucher_id: UUID, reason: str, by: Actor, now: datetime) -> Voucher:
    """Let a frozen voucher be spent again."""
    return _step(voucher_id, "unfreeze", by, now, rules.check_reason(reason))


def cancel(*, voucher_id: UUID, reason: str, by: Actor, now: datetime) -> Voucher:
    """Take back a voucher of which nothing was held or used."""
    return _step(voucher_id, "cancel", by, now, rules.check_reason(reason))


def revoke(*, voucher_id: UUID, reason: str, by: Actor, now: datetime) -> Voucher:
    """Take back what is left of a voucher; what jobs hold follows when they end."""
    return _step(voucher_id, "revoke", by, now, rules.check_reason(reason))


def expire(*, voucher_id: UUID, now: datetime, by: Actor = SYSTEM) -> Voucher:
    """End a voucher after its last day; what is left lapses, what jobs hold follows when they end."""
    return _step(voucher_id, "expire", by, now, "")


def expire_due(*, now: datetime, limit: int = 1_000) -> int:
    """Expire every voucher that is due, each in its own transaction; gives how many."""
    due = queries.due_to_expire(local_date(now), limit=limit)
    for voucher_id in due:
        expire(voucher_id=voucher_id, now=now)
    return len(due)


def _step(voucher_id: UUID, verb: str, by: Actor, now: datetime, reason: str) -> Voucher:
    with transaction.atomic():
        row = queries.voucher(voucher_id, lock=True)
        check_own_programme(by, row.programme)
        before = State(row.state)
        row.state = advance(TRANSITIONS, before, verb, by.role)
        spendable_fen = queries.spendable_fen(row)
        rules.check_end(verb, row.face_fen, spendable_fen, row.valid_until, local_date(now))
        row.reason = reason
        row.save(update_fields=["state", "reason"])
        ends = rules.ends(verb)
        sink = rules.sink_account(row.programme, verb, queries.returns_to(row, local_date(now))) if ends else None
        body = {"amount_fen": spendable_fen if ends else 0, "reason": digest(reason).hex()}
        journal.write(Line("voucher", verb, row.id, before, row.state, by.name, now, body))
        if sink is not None and spendable_fen:
            ledger.open_accounts([sink])
            lines = rules.end_lines(
                voucher_id=row.id, sink=sink, programme=row.programme, verb=verb, spendable_fen=spendable_fen
            )
            ledger.require(lines, at=now)
    return row

"""How a lease ends: asked back, given back by the centre, or taken back from one that does not answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.text import kept_text
from jiaozi.lease import queries, rules
from jiaozi.lease.models import Lease, LeaseRuling
from jiaozi.lease.rules import LIVE, REASON_MAX, State
from jiaozi.lease.services.changing import MONEY, aside, take
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import SYSTEM, Actor, check_own_programme
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules


def recall(*, lease_id: UUID, why: str, now: datetime) -> Lease:
    """Ask a lease back; its money stays set aside until the centre says that it admits nothing more."""
    with transaction.atomic():
        row = queries.lease(lease_id, lock=True)
        if row.state == State.OPEN:
            take(row, "recall", by=SYSTEM, now=now, body={"why": why})
    return row


def give_back(*, lease_id: UUID, centre: str, now: datetime) -> Lease | None:
    """Return what is left of a lease whose centre admits nothing more; all that it admitted was read before.

    Words about another centre's lease have no effect: None.
    """
    with transaction.atomic():
        try:
            row = queries.lease(lease_id, lock=True)
        except queries.UnableToFindLease:
            return None
        if row.centre_id != centre or row.state not in LIVE:
            return None
        _return(row, "give_back", SYSTEM, now, {})
    return row


def write_off(*, lease_id: UUID, by: Actor, now: datetime, reason: str = "") -> Lease:
    """Return what is left of a lease whose centre does not answer; what it tells later of it is its own to pay.

    An officer may once the lease is over, with a reason that is kept; the house only when the time for telling is over.

    Raises
    ------
    UnableToLease
        Before that, or without a reason.
    """
    with transaction.atomic():
        row = queries.lease(lease_id, lock=True)
        check_own_programme(by, row.voucher.programme)
        rules.check_write_off(by, row.ends_at, row.due_at, now)
        body = {}
        if by.role is not SYSTEM.role:
            reason = kept_text(reason, "reason", most=REASON_MAX, refusal=rules.UnableToLease)
            body = {"reason": digest(reason).hex()}
            LeaseRuling.objects.create(
                id=new_id(), lease=row, returned_fen=row.voucher_fen, reason=reason, by=by.name, at=now
            )
        _return(row, "write_off", by, now, body)
    return row


def _return(row: Lease, verb: str, by: Actor, now: datetime, body: dict[str, str]) -> None:
    """Release a locked lease's holds, the last act of a transaction; of an ended voucher the rest follows it."""
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    before = aside(row)
    row.returned_voucher_fen += row.voucher_fen
    row.returned_own_fen += row.own_fen
    row.voucher_fen, row.own_fen, row.closed_at = 0, 0, now
    told = {**body, "own_fen": before.own_fen, "returned_fen": before.voucher_fen}
    take(row, verb, by=by, now=now, body=told, changed=(*MONEY, "closed_at"))
    accounts, follows = voucher_rules.released_lines(
        state=voucher_rules.State(voucher.state),
        voucher_id=voucher.id,
        programme=voucher.programme,
        order_id=row.id,
        released_fen=before.voucher_fen,
        returns_to_year=vouchers.returns_to(voucher, local_date(now)),
    )
    ledger.open_accounts(accounts)
    ledger.require([*rules.release_lines(before), *follows], at=now)

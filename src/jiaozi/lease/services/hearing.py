"""Reading what centres admitted on their own: each job becomes an order under the lease, or the centre's own loss."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.kernel.text import storable
from jiaozi.lease import queries, rules
from jiaozi.lease.models import Lease, LeaseCursor, LeaseJob
from jiaozi.lease.ports import Admitted
from jiaozi.lease.rules import LIVE, REASON_MAX, WISH_BYTES_MAX, Letter, Price, Spent, State, Wish
from jiaozi.lease.services.changing import MONEY, aside, put, take
from jiaozi.lease.services.ending import give_back
from jiaozi.lease.services.keeping import keeper_of, keepers
from jiaozi.ledger import services as ledger
from jiaozi.order import rules as order_rules
from jiaozi.order import services as order
from jiaozi.order.rules import Quote, Request
from jiaozi.party.rules import SYSTEM

PAGES_MAX = 200
_ID_TAKEN = Reason(
    "ORDER_ID_TAKEN",
    Label(
        "报送的订单编号已是另一订单，费用由算力中心承担",
        "the order id that was told already stands for another order: the centre bears the job",
    ),
    field="order",
)
_ID_WRONG = Reason(
    "ORDER_ID_WRONG",
    Label(
        "报送的订单编号与签署的申请不符，费用由算力中心承担",
        "the order id that was told is not the one that the signed wish fixes: the centre bears the job",
    ),
    field="order",
)


def hear_all(*, now: datetime) -> int:
    """Read every centre that keeps leases; gives how many words were new. What goes wrong at one is its own."""
    heard = 0
    for centre in keepers(catalogue.centres(connected=True)):
        with order.centre_apart(centre.id):
            heard += hear(centre=centre.id, now=now)
    return heard


def hear(*, centre: str, now: datetime) -> int:
    """Read what a centre told of its leases since the last time; gives how much it was.

    Each word has its own transaction and counts once however often it is read; the cursor moves after its page.
    """
    row = catalogue.centre(centre)
    keeper, cursor, heard = keeper_of(row), queries.cursor_of(centre), 0
    if keeper is None:
        return 0
    for _ in range(PAGES_MAX):
        told = keeper.leases_told(cursor)
        for event in told.events:
            if isinstance(event, Admitted):
                admit(centre=centre, told=event, now=now)
            else:
                give_back(lease_id=event.lease, centre=centre, now=now)
        heard += len(told.events)
        if told.cursor != cursor:
            known = {"cursor": told.cursor, "moved_at": now}
            LeaseCursor.objects.update_or_create(centre=row, defaults=known)
        cursor = told.cursor
        if not told.more:
            break
    return heard


def admit(*, centre: str, told: Admitted, now: datetime) -> LeaseJob:
    """Make an order of a job that a centre admitted under a lease, its hold taken out of the lease's in one chain.

    What the platform would not have admitted itself is kept with the reason, and is the centre's own to pay. Told
    again by the same centre under the same lease, it is the same job; an id that another told stands for nothing here.
    """
    with transaction.atomic():
        lease = _lease(told.lease)
        known = queries.job(centre, told.lease, told.order)
        if known is not None:
            return known
        judged = _judge(centre, lease, told)
        if isinstance(judged, Reason) or lease is None:
            return _lose(centre, lease, told, judged if isinstance(judged, Reason) else rules.LEASE_UNKNOWN, now)
        return _order(lease, told, judged, now)


def _lease(lease_id: UUID) -> Lease | None:
    try:
        return queries.lease(lease_id, lock=True)
    except queries.UnableToFindLease:
        return None


Judged = tuple[Letter, Wish, Quote, Price]


def _judge(centre: str, lease: Lease | None, told: Admitted) -> Judged | Reason:
    letter = queries.letter(told.lease, told.serial) if lease else None
    if lease is None or letter is None or lease.centre_id != centre:
        return rules.LEASE_UNKNOWN
    if lease.state not in LIVE:
        return rules.returned_before(State(lease.state))
    if queries.order_exists(told.order):
        return _ID_TAKEN
    try:
        wish = rules.open_wish(told.wish, letter.holder_key)
        priced, price = rules.admit(letter, wish, Spent(lease.spent_voucher_fen, lease.spent_own_fen), told.at)
    except Refused as refused:
        return refused.reason
    return (letter, wish, priced, price) if wish.order == told.order else _ID_WRONG


def _lose(centre: str, lease: Lease | None, told: Admitted, reason: Reason, now: datetime) -> LeaseJob:
    own = lease if lease is not None and lease.centre_id == centre else None
    row = LeaseJob.objects.create(
        **_told_by(centre, told),
        lease=own,
        serial=told.serial,
        wish=storable(told.wish, most=WISH_BYTES_MAX),
        admitted_at=told.at,
        told_at=now,
        reason_code=reason.code,
        reason_zh=storable(reason.label.zh, most=REASON_MAX),
        reason_en=storable(reason.label.en, most=REASON_MAX),
    )
    body = {"centre": centre, "lease": str(told.lease), "order": str(told.order), "reason": reason.code}
    if own is not None:
        body["programme"] = own.voucher.programme
    journal.write(Line("lease", "lose", row.id, "", "", SYSTEM.name, now, body))
    return row


def _told_by(centre: str, told: Admitted) -> dict[str, Any]:
    """Give what a job is known by."""
    key = {"centre_id": centre, "lease_told": told.lease, "order_told": told.order}
    return {"id": named_id("lease.job", *key.values()), **key}


def _order(lease: Lease, told: Admitted, judged: Judged, now: datetime) -> LeaseJob:
    letter, wish, priced, price = judged
    before = aside(lease)
    after = before.less(priced)
    row = order.admitted(
        order_id=wish.order,
        voucher=lease.voucher,
        request=Request(
            centre=lease.centre_id,
            resource_class=wish.resource_class,
            units=wish.units,
            memory_mib=wish.memory_mib,
            time_limit_ms=wish.time_limit_ms,
            command=wish.command,
        ),
        title=wish.title,
        files=wish.files,
        priced=priced,
        tariff=price.tariff,
        share=letter.share,
        engine_ms=(letter.granularity_ms, letter.kill_lag_ms),
        cap_keys=lease.cap_keys,
        under=lease.id,
        at=told.at,
        now=now,
    )
    job = LeaseJob.objects.create(
        **_told_by(lease.centre_id, told),
        lease=lease,
        order=row,
        serial=told.serial,
        wish=told.wish,
        admitted_at=told.at,
        told_at=now,
        voucher_fen=priced.voucher_fen,
        own_fen=priced.own_fen,
    )
    _take_out(lease, priced, job, now)
    put(lease, after)
    lease.save(update_fields=MONEY)
    accounts, funds = order_rules.fund_lines(
        order_id=row.id,
        programme=row.programme,
        voucher_id=row.voucher_id,
        holder=row.holder_id,
        centre=row.centre_id,
        priced=priced,
        cap_keys=lease.cap_keys,
    )
    ledger.open_accounts(accounts)
    ledger.require([*rules.change_lines(before, after), *funds], at=now)
    return job


def _take_out(lease: Lease, priced: Quote, job: LeaseJob, now: datetime) -> None:
    lease.spent_voucher_fen += priced.voucher_fen
    lease.spent_own_fen += priced.own_fen
    body = {"order": str(job.order_id), "own_fen": priced.own_fen, "voucher_fen": priced.voucher_fen}
    take(lease, "admit", by=SYSTEM, now=now, body=body)

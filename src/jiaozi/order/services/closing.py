"""How an order closes: metered, captured, settled, or released because nothing was used.

Metering and settlement decide; these steps only move the order, inside the transaction of whoever calls them.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome
from jiaozi.order.rules import State
from jiaozi.order.services.funding import release
from jiaozi.order.services.step import take
from jiaozi.party.rules import SYSTEM


def metered(row: Order, *, records: int, now: datetime) -> None:
    """Say that all usage of a locked, ended order is in."""
    take(row, "meter", by=SYSTEM, now=now, body={"records": records})


def captured(row: Order, *, voucher_fen: int, own_fen: int, overrun_fen: int, now: datetime) -> None:
    """Fix what a locked, metered order cost; the caller posts the captures last in the same transaction."""
    row.price_fen, row.voucher_fen, row.own_fen = voucher_fen + own_fen, voucher_fen, own_fen
    row.overrun_fen = overrun_fen
    body = {"overrun_fen": overrun_fen, "own_fen": own_fen, "voucher_fen": voucher_fen}
    changed = ("price_fen", "voucher_fen", "own_fen", "overrun_fen")
    take(row, "capture", by=SYSTEM, now=now, body=body, changed=changed)


def nothing_used(row: Order, *, now: datetime) -> None:
    """Release a locked, ended order whose job never ran: cancelled in the queue, or lost before its start."""
    verb = "cancel" if row.outcome == JobOutcome.CANCELLED else "fail"
    take(row, verb, by=SYSTEM, now=now, body={"released_fen": row.most_fen})
    release(row, now)


def settled(order_ids: list[UUID], *, statement: UUID, now: datetime) -> int:
    """Move captured orders on when their statement was paid; gives how many."""
    moved = 0
    for order_id in order_ids:
        row = queries.order(order_id, lock=True)
        if row.state == State.CAPTURED:
            take(row, "settle", by=SYSTEM, now=now, body={"statement": str(statement)})
            moved += 1
    return moved

"""How an order closes: metered, captured, settled, or released because nothing was used.

Metering and settlement decide; these steps only move the order, inside the transaction of whoever calls them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome
from jiaozi.order.rules import TRANSITIONS, State
from jiaozi.order.services.funding import release
from jiaozi.order.services.step import take
from jiaozi.party.rules import SYSTEM

_AT_ONCE = 1_000


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


def movement_captured(row: Order, *, voucher_fen: int, own_fen: int, moved_bytes: int, now: datetime) -> None:
    """Fix what moving a locked order's data cost; the caller resolves its hold last in the same transaction."""
    row.movement_fen, row.movement_voucher_fen = voucher_fen + own_fen, voucher_fen
    row.save(update_fields=["movement_fen", "movement_voucher_fen"])
    body = {"bytes": moved_bytes, "own_fen": own_fen, "voucher_fen": voucher_fen}
    journal.write(Line("order", "capture_movement", row.id, row.state, row.state, SYSTEM.name, now, body))


def nothing_used(row: Order, *, now: datetime) -> None:
    """Release a locked, ended order whose job never ran: cancelled in the queue, or lost before its start."""
    verb = "cancel" if row.outcome == JobOutcome.CANCELLED else "fail"
    take(row, verb, by=SYSTEM, now=now, body={"released_fen": row.most_fen})
    release(row, now)


def settled(order_ids: Sequence[UUID], *, statement: UUID, now: datetime) -> int:
    """Move captured orders on when their statement was paid; gives how many. Three statements a thousand orders."""
    moved = 0
    for start in range(0, len(order_ids), _AT_ONCE):
        rows = queries.captured(order_ids[start : start + _AT_ONCE])
        body = {"statement": str(statement)}
        for row in rows:
            row.state = advance(TRANSITIONS, State(row.state), "settle", SYSTEM.role)
            row.moved_at = now
        Order.objects.bulk_update(rows, ["state", "moved_at"])
        journal.write_many(
            Line("order", "settle", row.id, State.CAPTURED, row.state, SYSTEM.name, now, body) for row in rows
        )
        moved += len(rows)
    return moved

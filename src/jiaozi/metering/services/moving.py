"""Charging data movement: what reached its place becomes records of its own, one capture, and the hold is resolved."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import partial
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering.models import Capture, MovementRow
from jiaozi.metering.rules import CaptureKind, UsageState, moving
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.models import Order, OrderData
from jiaozi.order.rules import State
from jiaozi.order.rules.staging import CLOSABLE, OPEN, DataState, movement_id
from jiaozi.party.rules import SYSTEM

_log = structlog.get_logger(__name__)


def capture_movements(*, now: datetime) -> int:
    """Charge the data movement of every order where nothing is under way any more; gives how many. Each is its own."""
    closed = 0
    for order_id in orders.movement_to_close():
        try:
            closed += capture_movement(order_id=order_id, now=now)
        except (Refused, DatabaseError) as wrong:
            _log.error("data movement can't be charged", order=str(order_id), reason=str(wrong))
    return closed


def capture_movement(*, order_id: UUID, now: datetime) -> bool:
    """Charge an order's data movement, once; says whether it did. What was held and not used is released."""
    with transaction.atomic():
        row = orders.order(order_id, lock=True)
        files = orders.data_of(order_id)
        if row.movement_fen is not None or not row.movement_bytes_max or row.state not in CLOSABLE:
            return False
        if any(each.state in OPEN for each in files):
            return False
        done = [each for each in files if each.state == DataState.DONE]
        settled = moving.settle(
            [moving.Moved(id=each.id, centre=each.centre_id, size=each.size or 0) for each in done],
            centre=row.centre_id,
            state=State(row.state),
            reason_code=row.reason_code,
            price_per_gb_ufen=row.movement_price_ufen,
            ratio=Fraction(*row.movement_share),
            held=order.held_for_movement(row),
        )
        captured = _capture(row, settled, now) if settled.charged else None
        waived = dict(settled.waived)
        rows = [_row(row, each, captured, waived.get(each.id), now) for each in done]
        MovementRow.objects.bulk_create(rows)
        due = settled.due
        body = {
            "bytes": settled.moved_bytes,
            "order": str(row.id),
            "own_fen": due.own_fen,
            "records": sorted(str(each.id) for each in rows),
            "voucher_fen": due.voucher_fen,
        }
        journal.write(Line("metering", "capture_movement", movement_id(row.id), "", "", SYSTEM.name, now, body))
        parts = {"voucher_fen": due.voucher_fen, "own_fen": due.own_fen}
        order.movement_captured(row, **parts, moved_bytes=settled.moved_bytes, now=now)
        transaction.on_commit(partial(order.clear_data, row))
        order.resolve_movement(row, **parts, now=now)
    return True


def _capture(row: Order, settled: moving.Settled, now: datetime) -> Capture:
    return Capture.objects.create(
        id=movement_id(row.id),
        programme=row.programme,
        kind=CaptureKind.MOVEMENT,
        centre_id=row.centre_id,
        moved_for=row,
        voucher_id=row.voucher_id,
        holder_id=row.holder_id,
        tariff_id=row.tariff_id,
        payable_shard=row.id.int % PAYABLE_SHARDS,
        price_fen=settled.due.most_fen,
        voucher_fen=settled.due.voucher_fen,
        own_fen=settled.due.own_fen,
        captured_at=now,
    )


def _row(row: Order, each: OrderData, captured: Capture | None, waived: Reason | None, now: datetime) -> MovementRow:
    size = each.size or 0
    return MovementRow(
        id=new_id(),
        centre_id=each.centre_id,
        record_id=f"staging-{each.id}",
        order=row,
        direction=each.direction,
        size=size,
        sent=each.sent or 0,
        content=each.sha256,
        started_at=each.started_at or now,
        ended_at=each.ended_at or now,
        received_at=now,
        state=UsageState.WAIVED if waived else UsageState.CAPTURED,
        reason_code=waived.code if waived else "",
        reason_zh=waived.label.zh if waived else "",
        reason_en=waived.label.en if waived else "",
        price_per_gb_ufen=row.movement_price_ufen,
        charge_ufen=0 if waived else moving.charge_ufen(row.movement_price_ufen, size),
        capture=None if waived else captured,
    )

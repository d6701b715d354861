"""Capturing an order: its usage becomes a price, the price resolves the hold, and what is left over is released."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue.queries import tariff_of
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering import queries, rules
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.metering.rules import CaptureKind, Priced, Quantity, UsageState
from jiaozi.metering.rules.reasons import price_too_large, too_many_records
from jiaozi.metering.rules.words import REASON_MAX
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.order.rules.standing import LOST
from jiaozi.party.rules import SYSTEM


def capture(*, order_id: UUID, now: datetime) -> Order:
    """Capture what an ended order cost, from all its usage; safe to repeat, and from two workers at once.

    An order in another state, without usage, or with a record that is held back or under dispute stays as it is: a
    part of its usage is never charged alone, and what is charged is not taken back. What was waived counts for nothing.
    """
    with transaction.atomic():
        row = orders.order(order_id, lock=True)
        if row.state != State.ENDED:
            return row
        usage = queries.counting(order_id, lock=True)
        if not usage or any(each.state != UsageState.RECEIVED for each in usage) or queries.in_dispute(order_id):
            return row
        ratio = Fraction(row.share_numerator, row.share_denominator)
        if len(usage) > queries.RECORDS_PER_ORDER_MAX:
            hold_back(usage, too_many_records(queries.RECORDS_PER_ORDER_MAX), row, now)
            return row
        quantities = [Quantity(each.units, each.elapsed_ms) for each in usage]
        priced = rules.price_usage(tariff_of(row.tariff), ratio, order.held(row), quantities)
        if priced is None:
            hold_back(usage, price_too_large(), row, now)
        else:
            _save(row, usage, priced, now)
    return row


FATE = ("state", "reason_code", "reason_zh", "reason_en")
"""The columns that say what became of a record."""


def say(row: UsageRow, state: UsageState, reason: Reason | None) -> None:
    """Put a state and its reason on a record; the caller stores ``FATE``."""
    row.state = state
    row.reason_code, row.reason_zh, row.reason_en = (
        (reason.code, reason.label.zh[:REASON_MAX], reason.label.en[:REASON_MAX]) if reason else ("", "", "")
    )


def hold_back(usage: list[UsageRow], reason: Reason, row: Order, now: datetime) -> None:
    """Keep usage from being charged, with the reason."""
    for each in usage:
        say(each, UsageState.HELD_BACK, reason)
    UsageRow.objects.bulk_update(usage, FATE)
    body = {"reason": reason.code, "records": len(usage)}
    journal.write(Line("metering", "hold_back", row.id, "", "", SYSTEM.name, now, body))


def _save(row: Order, usage: list[UsageRow], priced: Priced, now: datetime) -> None:
    captured = _write_capture(row, priced, now)
    for each, charge in zip(usage, priced.charges_ufen, strict=True):
        each.state, each.capture, each.tariff_id, each.charge_ufen = (
            UsageState.CAPTURED,
            captured,
            row.tariff_id,
            charge,
        )
    UsageRow.objects.bulk_update(usage, ["state", "capture", "tariff", "charge_ufen"])
    parts = {"voucher_fen": priced.voucher_fen, "own_fen": priced.own_fen, "overrun_fen": priced.overrun_fen}
    order.metered(row, records=len(usage), now=now)
    order.captured(row, **parts, now=now)
    body = {
        **parts,
        "order": str(row.id),
        "reason": rules.OVERRUN if priced.overrun_fen else "",
        "records": [bytes(each.payload_digest).hex() for each in usage],
        "tariff": str(row.tariff_id),
    }
    journal.write(Line("metering", "capture", captured.id, "", "", SYSTEM.name, now, body))
    used_unit_ms = sum(each.units * each.elapsed_ms for each in usage)
    order.resolve(row, voucher_fen=priced.voucher_fen, own_fen=priced.own_fen, used_unit_ms=used_unit_ms, now=now)


def _write_capture(row: Order, priced: Priced, now: datetime) -> Capture:
    return Capture.objects.create(
        id=named_id("metering.capture", row.id),
        programme=row.programme,
        kind=CaptureKind.ORDER,
        centre_id=row.centre_id,
        order=row,
        voucher_id=row.voucher_id,
        holder_id=row.holder_id,
        tariff_id=row.tariff_id,
        payable_shard=row.id.int % PAYABLE_SHARDS,
        price_fen=priced.price_fen,
        voucher_fen=priced.voucher_fen,
        own_fen=priced.own_fen,
        overrun_fen=priced.overrun_fen,
        captured_at=now,
    )


def release_unused(*, order_id: UUID, now: datetime) -> bool:
    """Release the hold of an ended order whose job never ran and that has no usage; says whether it did.

    One whose job was lost may have run all the same: it waits for its usage, or for a person who waives it. The caller
    has read the engine's usage past the moment at which the engine called the job ended.
    """
    with transaction.atomic():
        row = orders.order(order_id, lock=True)
        if row.state != State.ENDED or row.started_at is not None or row.reason_code == LOST:
            return False
        if queries.counting(order_id):
            return False
        order.nothing_used(row, now=now)
    return True

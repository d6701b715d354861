"""Rating one imported record again, for a voucher that is named now and by today's catalogue: in full or not at all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries as books
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.metering.rules import CaptureKind, UsageState, admitting, importing
from jiaozi.metering.rules.importing import Decided
from jiaozi.metering.rules.swf import Job
from jiaozi.metering.services.capturing import FATE, say
from jiaozi.metering.services.importing import Import, Imported, post_decided, prepared, tell
from jiaozi.metering.services.payers import Payers
from jiaozi.order.ports import JobOutcome
from jiaozi.party.rules import Actor
from jiaozi.voucher import queries as vouchers


def rate_import(row: UsageRow, voucher_id: UUID, by: Actor, now: datetime) -> None:
    """Capture a locked, held-back imported record, or hold it back with the reason that holds now.

    Raises
    ------
    UnableToImport
        When the person may not import, or the voucher can't be spent at this centre.
    """
    admitting.check_import(by, row.centre_id, "")
    programme = vouchers.voucher(voucher_id).programme
    payers = Payers.load(programme, row.centre_id, {row.account: voucher_id}, {row.account}, now)
    this = prepared(row.centre_id, programme, row.resource_class, payers, by, now)
    left_fen = {id_: balance.spendable for id_, balance in books.balances(payers.accounts()).items()}
    decided = importing.decide([_job(row)], payers.at_work(), this.prices, left_fen)
    rows = post_decided(this, [(row.id, each) for each in decided])
    batch = new_id()
    ((_, each),) = rows
    if each.reason is None:
        _capture(this, row, each, batch)
    else:
        say(row, UsageState.HELD_BACK, each.reason)
        row.save(update_fields=FATE)
    tell(this, batch, rows, Imported())


def _job(row: UsageRow) -> Job:
    return Job(
        number=row.record_id,
        started_s=int(row.started_at.timestamp()),
        elapsed_s=row.elapsed_ms // 1000,
        units=row.units,
        user=row.account,
        outcome=JobOutcome(row.outcome),
        part=row.reason_code == "PART_OF_A_JOB",
        digest=bytes(row.payload_digest),
    )


def _capture(this: Import, row: UsageRow, each: Decided, batch: UUID) -> None:
    if each.payer is None or each.tariff is None:
        raise AssertionError("what is captured has a payer and a tariff")
    captured = Capture.objects.create(
        id=row.id,
        programme=this.programme,
        kind=CaptureKind.IMPORT,
        centre_id=this.centre,
        voucher_id=each.payer.voucher,
        holder_id=each.payer.holder,
        tariff_id=each.tariff.id,
        payable_shard=row.id.int % PAYABLE_SHARDS,
        price_fen=each.price_fen,
        voucher_fen=each.voucher_fen,
        own_fen=each.own_fen,
        captured_at=this.now,
        batch=batch,
    )
    say(row, UsageState.CAPTURED, None)
    row.tariff_id, row.charge_ufen, row.capture = each.tariff.id, each.charge_ufen, captured
    row.save(update_fields=(*FATE, "tariff", "charge_ufen", "capture"))

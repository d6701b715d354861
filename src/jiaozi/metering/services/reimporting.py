"""Rating one imported record again, for a voucher that is named now and by today's catalogue: in full or not at all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import queries as books
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.metering.rules import CaptureKind, UsageState, importing
from jiaozi.metering.rules.entry import EPOCH, MS, Entry
from jiaozi.metering.rules.importing import Decided
from jiaozi.metering.rules.reasons import STANDING
from jiaozi.metering.services.capturing import FATE, say
from jiaozi.metering.services.payers import Payers
from jiaozi.metering.services.posting import Import, Imported, post_decided, prepared, tell
from jiaozi.order.ports import JobOutcome
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.voucher import queries as vouchers


def rate_import(row: UsageRow, voucher_id: UUID, by: Actor, now: datetime) -> None:
    """Capture a locked, held-back imported record, or hold it back with the reason that holds now.

    Raises
    ------
    UnableToImport
        When the voucher can't be spent at this centre.
    UnableToActForProgramme
        When the voucher is another programme's.
    """
    programme = vouchers.voucher(voucher_id).programme
    check_own_programme(by, programme)
    payers = Payers.load(programme, row.centre_id, {row.account: voucher_id}, {row.account}, now)
    job = _entry(row)
    this = prepared(row.centre_id, programme, payers, by, now, source=row.source, jobs=[job])
    left_fen = {id_: balance.spendable for id_, balance in books.balances(payers.accounts()).items()}
    decided = importing.decide([job], payers.at_work([job]), this.prices, left_fen)
    rows = post_decided(this, [(row.id, each) for each in decided])
    batch = new_id()
    ((_, each),) = rows
    if each.reason is None:
        _capture(this, row, each, batch)
    else:
        say(row, UsageState.HELD_BACK, each.reason)
        row.save(update_fields=FATE)
    tell(this, batch, rows, Imported())


def _entry(row: UsageRow) -> Entry:
    standing = row.reason_code in STANDING
    return Entry(
        name=row.record_id,
        started_ms=(row.started_at - EPOCH) // MS,
        elapsed_ms=row.elapsed_ms,
        units=row.units,
        account=row.account,
        resource_class=row.resource_class,
        outcome=JobOutcome(row.outcome),
        digest=bytes(row.payload_digest),
        wrong=Reason(row.reason_code, Label(row.reason_zh, row.reason_en)) if standing else None,
        ended_ms=(row.ended_at - EPOCH) // MS,
        cpu_ms=row.cpu_ms,
        memory_peak_mib=row.memory_peak_mib,
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

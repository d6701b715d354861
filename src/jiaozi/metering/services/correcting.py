"""Charging an order after it has closed: late or corrected usage becomes a capture of its own.

It is a direct post under the ledger's event "correction after capture", and the centre's next statement takes it as an
adjustment. The first capture, its statement and the order stay as they are.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue.queries import tariff_of
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import queries as books
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import PAYABLE_SHARDS
from jiaozi.metering import queries, rules
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.metering.rules import CaptureKind, Priced, Quantity, RulingVerb, UsageState, correcting, ruling
from jiaozi.metering.rules.correcting import Purses, Room
from jiaozi.metering.rules.words import check_text
from jiaozi.metering.services.capturing import FATE, say
from jiaozi.metering.services.ruling import locked, told
from jiaozi.order import queries as orders
from jiaozi.order.models import Order
from jiaozi.order.rules import own_account, own_payable_account, payable_account
from jiaozi.party.rules import Actor
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher


def charge_late(*, usage_id: UUID, reason: str, by: Actor, now: datetime) -> UsageRow:
    """Charge usage that came after its order had closed, as far as the order's own hold would have covered it.

    Raises
    ------
    UnableToRule
        When it is not held back as late, or the person may not.
    UnableToSpend
        When the voucher is frozen: it can be charged when that is over, or be waived.
    """
    reason = check_text(reason, "reason")
    with transaction.atomic():
        usage = locked(usage_id, RulingVerb.CHARGE_LATE, by, now)
        ruling.check_late(usage.reason_code)
        told(RulingVerb.CHARGE_LATE, reason, by, now, usage=usage, body={"order": str(usage.order_id)})
        correct(usage, by, now)
    usage.refresh_from_db()
    return usage


def correct(usage: UsageRow, by: Actor, now: datetime) -> None:
    """Charge what a locked, late record adds to its locked order; the last act of a transaction."""
    if usage.order_id is None:
        raise AssertionError("a late record has its order")
    row = orders.order(usage.order_id)
    counted = [each for each in queries.counting(row.id, lock=True) if each.state == UsageState.CAPTURED]
    before = [Quantity(each.units, each.elapsed_ms) for each in counted]
    after = [Quantity(each.units, each.elapsed_ms) for each in counted if each.id != usage.supersedes_id]
    after.append(Quantity(usage.units, usage.elapsed_ms))
    purses = _purses(row)
    room = _room(row, purses, now)
    ratio = Fraction(row.share_numerator, row.share_denominator)
    priced = correcting.correct(tariff_of(row.tariff), ratio, before, after, room)
    if isinstance(priced, Reason):
        say(usage, UsageState.HELD_BACK, priced)
        usage.save(update_fields=FATE)
        return
    captured = _write(row, usage, priced, now)
    _tell(captured, row, usage, by, now)
    chain = correcting.correction_lines(captured.id, row.programme, purses, priced, row.cap_keys)
    if chain:
        ledger.open_accounts([purses.voucher, purses.payable, purses.own, purses.own_payable])
        ledger.require(chain, at=now)


def _purses(row: Order) -> Purses:
    return Purses(
        voucher_rules.voucher_account(row.programme, row.voucher_id),
        payable_account(row.programme, row.centre_id, row.id),
        own_account(row.programme, row.holder_id, row.centre_id),
        own_payable_account(row.programme, row.centre_id),
    )


def _room(row: Order, purses: Purses, now: datetime) -> Room:
    """Give what is left of the order's hold after what was charged, as far as voucher, caps and own balance have it."""
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    caps = [voucher_rules.cap_accounts(row.programme, key)[1] for key in row.cap_keys]
    left = books.balances([purses.voucher, purses.own, *caps])
    voucher_fen, own_fen = queries.charged(row.id)
    spendable = min(left[account.id].spendable for account in (purses.voucher, *caps))
    return Room(
        voucher_fen=min(row.voucher_hold_fen - voucher_fen, spendable) if _lives(voucher, now) else 0,
        own_fen=min(row.own_hold_fen - own_fen, left[purses.own.id].spendable),
    )


def _lives(voucher: Voucher, now: datetime) -> bool:
    """Say whether a voucher can pay still; one that has ended pays nothing, a frozen one is waited for."""
    today = local_date(now)
    state = voucher_rules.State(voucher.state)
    if state is voucher_rules.State.FROZEN:
        voucher_rules.check_spendable(state, voucher.valid_until, today)
    return state is voucher_rules.State.ACTIVE and today <= voucher.valid_until


def _write(row: Order, usage: UsageRow, priced: Priced, now: datetime) -> Capture:
    captured = Capture.objects.create(
        id=named_id("metering.correction", usage.id),
        programme=row.programme,
        kind=CaptureKind.CORRECTION,
        centre_id=row.centre_id,
        corrects=row,
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
    say(usage, UsageState.CAPTURED, None)
    usage.capture, usage.tariff_id, usage.charge_ufen = captured, row.tariff_id, priced.charges_ufen[0]
    usage.save(update_fields=(*FATE, "capture", "tariff", "charge_ufen"))
    return captured


def _tell(captured: Capture, row: Order, usage: UsageRow, by: Actor, now: datetime) -> None:
    body = {
        "order": str(row.id),
        "overrun_fen": captured.overrun_fen,
        "own_fen": captured.own_fen,
        "reason": rules.OVERRUN if captured.overrun_fen else "",
        "records": [bytes(usage.payload_digest).hex()],
        "supersedes": str(usage.supersedes_id or ""),
        "tariff": str(row.tariff_id),
        "voucher_fen": captured.voucher_fen,
    }
    journal.write(Line("metering", "correct", captured.id, "", "", by.name, now, body))

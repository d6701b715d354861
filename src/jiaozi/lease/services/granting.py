"""Setting money aside for a centre: a lease is opened, filled up and prolonged, each time with a letter.

The money is held before the letter is written, so that nothing is promised that is not there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre, Offer
from jiaozi.catalogue.rules import Tariff, UnableToPrice, Unit, tariff_for
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.kernel.period import start_of_day
from jiaozi.lease import queries, rules
from jiaozi.lease.models import Lease, LeaseAllowance, LeaseLetter
from jiaozi.lease.rules import Aside, Bounds, Letter, Price, State
from jiaozi.lease.services.changing import MONEY, aside, put, take
from jiaozi.ledger import queries as ledger_reads
from jiaozi.ledger import services as ledger
from jiaozi.order import services as order
from jiaozi.order.rules import own_account, single_use
from jiaozi.party.rules import SYSTEM
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher import services as voucher_services
from jiaozi.voucher.models import Voucher


def grant(
    *, allowance: LeaseAllowance, centre: Centre, memory: str, wanted_fen: int, bounds: Bounds, now: datetime
) -> Lease | None:
    """Bring a centre's lease up to a size as far as voucher, own money and caps reach, and prolong it.

    Gives the lease, opened where there was none; None where nothing could be set aside for a new one. Where the ledger
    says no to more, the lease stays as it is until its end.
    """
    with transaction.atomic():
        voucher = vouchers.voucher_for_spending(allowance.voucher_id)
        terms = order.spendable_terms(voucher, now)
        if single_use(terms):  # it pays one order; a lease is for many
            return None
        row = _row(voucher, centre, memory, terms.deducted, now)
        ends_at = min(now + bounds.lasting, _voucher_ends(voucher, terms.valid_until))
        caps = order.caps_today(voucher, now)
        before, more = aside(row), _missing(row, wanted_fen)
        if row.serial and not more[0] and not rules.prolongs(row.ends_at, ends_at, bounds):
            return row
        after = before.grown(*more, [use.key for use in caps])
        if not after.voucher_fen:
            return row if row.serial else None
        row.ends_at, row.due_at = ends_at, ends_at + bounds.reporting
        _write(row, before, after, allowance, now)
        ledger.open_accounts(rules.accounts(after))
        (statuses,) = voucher_services.apply_under_caps(
            programme=voucher.programme,
            caps=caps,
            chains=[rules.change_lines(before, after)],
            now=now,
            freed_fen=dict.fromkeys(before.cap_keys, before.voucher_fen),
        )
        if all(status.stands for status in statuses):
            return row
        transaction.set_rollback(True)
    return queries.open_lease(allowance.voucher_id, centre.id)


def _row(voucher: Voucher, centre: Centre, memory: str, share: Fraction, now: datetime) -> Lease:
    found = queries.open_lease(voucher.id, centre.id)
    if found is not None:
        return queries.lease(found.id, lock=True)
    return Lease(
        id=new_id(),
        voucher=voucher,
        centre=centre,
        state=State.OPEN,
        memory=memory,
        share_numerator=share.numerator,
        share_denominator=share.denominator,
        opened_at=now,
    )


def _voucher_ends(voucher: Voucher, programme_end: object) -> datetime:
    """Give the instant at which a voucher's last day is over in Chengdu."""
    last = voucher_rules.last_day(voucher.valid_until, programme_end)  # type: ignore[arg-type]
    return start_of_day(last + timedelta(days=1))


def _missing(row: Lease, wanted_fen: int) -> tuple[int, int]:
    """Give what a lease lacks of a size, as far as the voucher and the holder's own money reach."""
    share = Fraction(row.share_numerator, row.share_denominator)
    voucher = row.voucher
    own = ledger_reads.balance(own_account(voucher.programme, voucher.holder_id, row.centre_id)).spendable
    reach = min(wanted_fen, row.voucher_fen + vouchers.spendable_fen(voucher))
    reach = rules.covered_fen(reach, row.own_fen + own, share)
    more = max(reach - row.voucher_fen, 0)
    return more, max(rules.own_share_fen(row.voucher_fen + more, share) - row.own_fen, 0) if more else 0


def _write(row: Lease, before: Aside, after: Aside, allowance: LeaseAllowance, now: datetime) -> None:
    """Store a lease's change, its letter and its journal line; the caller asks the ledger last."""
    voucher_fen, own_fen = after.voucher_fen - before.voucher_fen, after.own_fen - before.own_fen
    put(row, after)
    row.granted_voucher_fen += voucher_fen
    row.granted_own_fen += own_fen
    row.serial += 1
    body = {
        "centre": row.centre_id,
        "ends_at": row.ends_at.isoformat(),
        "granted_fen": voucher_fen,
        "own_fen": own_fen,
        "serial": row.serial,
        "voucher": str(row.voucher_id),
    }
    if row.serial == 1:
        row.save(force_insert=True)
        journal.write(Line("lease", "open", row.id, "", row.state, SYSTEM.name, now, body))
    else:
        changed = (*MONEY, "serial", "ends_at", "due_at")
        take(row, "grant", by=SYSTEM, now=now, body=body, changed=changed)
    LeaseLetter.objects.create(
        id=named_id("lease.letter", row.id, row.serial),
        lease=row,
        serial=row.serial,
        body=_letter(row, allowance.holder_key, now).to_json(),
        at=now,
    )


def _letter(row: Lease, holder_key: str, now: datetime) -> Letter:
    return Letter(
        lease=row.id,
        serial=row.serial,
        memory=row.memory,
        centre=row.centre_id,
        programme=row.voucher.programme,
        voucher=row.voucher_id,
        holder_class=row.voucher.holder.holder_class,
        holder_key=holder_key,
        voucher_fen=row.granted_voucher_fen,
        own_fen=row.granted_own_fen,
        share=Fraction(row.share_numerator, row.share_denominator),
        granularity_ms=row.centre.engine_granularity_ms or 1,
        kill_lag_ms=row.centre.kill_lag_ms or 0,
        ends_at=row.ends_at,
        prices=_prices(row.centre_id, row.voucher.holder.holder_class, now),
    )


def _prices(centre: str, holder_class: str, now: datetime) -> tuple[Price, ...]:
    """Give what a centre sells to a class of holders, each at its tariff of this instant."""
    tariffs = catalogue.tariffs_at(now, centre=centre)
    prices = []
    for offer in catalogue.offers_for(centre):
        code = offer.resource_class_id
        try:
            tariff = tariff_for(tariffs, centre=centre, resource_class=code, customer_class=holder_class, at=now)
        except UnableToPrice:
            continue  # what has no price is not sold under a lease
        prices.append(_price(offer, tariff))
    return tuple(prices)


def _price(offer: Offer, tariff: Tariff) -> Price:
    return Price(
        tariff=tariff.id,
        resource_class=tariff.resource_class,
        unit=Unit(offer.resource_class.unit),
        rate_ufen=tariff.rate_ufen,
        rounding=tariff.rounding,
        minimum_fen=tariff.minimum_fen,
        granularity_ms=tariff.granularity_ms,
        units_max=offer.units,
        time_limit_max_ms=offer.time_limit_max_s * 1000,
    )


def latest_letter(row: Lease) -> Letter | None:
    """Give the letter that is in force."""
    return queries.letter(row.id, row.serial)

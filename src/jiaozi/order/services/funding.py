"""Money first: hold for an order in one atomic ledger call, give the hold back on cancel, resolve it at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from procrastinate.contrib.django import app as later

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import services as ledger
from jiaozi.order import queries, rules
from jiaozi.order.models import Order
from jiaozi.order.ports import UnableToFindJob
from jiaozi.order.rules import ON_ENGINE, Held, Quote, State
from jiaozi.order.services import data, quota
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.quoting import spendable_terms, taken_elsewhere
from jiaozi.order.services.spending import over_limit
from jiaozi.order.services.step import say, take
from jiaozi.party.rules import Actor
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import CapUse, Decision, Measure
from jiaozi.policy.rules.redeeming import caps_on
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher import services as voucher_services
from jiaozi.voucher.models import Voucher

_SUBMIT_TASK = "jiaozi.order.tasks.submit"
_MOVE_TASK = "jiaozi.order.tasks.move_data"


def hold(*, order_id: UUID, by: Actor, now: datetime) -> Order:
    """Take the hold and every cap measured on holds in one atomic ledger call.

    Short of money, past the limit of the member who asks, or after the quote's end, the order is refused for good.

    The answer is the order as HELD, its submission deferred in the same transaction, or as REFUSED with its reason.
    """
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        rules.check_own(by, row.holder_id, row.programme)
        voucher = vouchers.voucher_for_spending(row.voucher_id)
        terms = spendable_terms(voucher, now)
        priced = Quote(most_fen=row.most_fen, voucher_fen=row.voucher_hold_fen, own_fen=row.own_hold_fen)
        single = _taken(row) if rules.single_use(terms) else None
        most_fen = priced.most_fen + moving(row).most_fen
        reason = rules.expired(row.expires_at, now) or single
        reason = reason or over_limit(row, member=by.name, at=now, more_fen=most_fen)
        reason = reason or _fund(row, priced, voucher, now)
        if reason is not None:
            take(row, "refuse", by=by, now=now, body={"reason": reason.code}, changed=say(row, reason))
            return row
        body = {"own_fen": row.own_hold_fen, "voucher": str(row.voucher_id), "voucher_fen": row.voucher_hold_fen}
        body["movement_fen"] = moving(row).most_fen
        cleared = say(row, Reason("", Label("", "")))  # what the quote said of the rest
        row.held_by, row.held_at = by.name, now
        take(row, "hold", by=by, now=now, body=body, changed=("cap_keys", "held_by", "held_at", *cleared))
        go_on(row, staged=not (row.movement_bytes_max and queries.inputs_open(row)), by=by, now=now)
    return row


def _taken(row: Order) -> Reason | None:
    """Say which other order has this one's voucher; whoever asks at the same moment waits for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('order.single/' || %s, 0))", [str(row.voucher_id)]
        )
    return taken_elsewhere(row.voucher_id, besides=row.id)


def go_on(row: Order, *, staged: bool, by: Actor, now: datetime) -> None:
    """Hand a locked, funded order over, or have its inputs moved first."""
    if staged:
        submit_later(row)
        return
    take(row, "stage", by=by, now=now, body={"bytes_max": row.movement_bytes_max})
    move_later(row.id)


def move_later(order_id: UUID) -> None:
    """Have the worker move the next of an order's files once this transaction is committed."""
    later.configure_task(_MOVE_TASK).defer(order_id=str(order_id))


def moving(row: Order) -> Quote:
    """Give what is held for an order's data movement."""
    voucher_fen, own_fen = row.movement_voucher_hold_fen, row.movement_own_hold_fen
    return Quote(most_fen=voucher_fen + own_fen, voucher_fen=voucher_fen, own_fen=own_fen)


def submit_later(row: Order) -> None:
    """Have the worker hand an order over once this transaction is committed."""
    later.configure_task(_SUBMIT_TASK).defer(order_id=str(row.id))


def caps_today(voucher: Voucher, now: datetime) -> Sequence[CapUse]:
    """Give a voucher's caps that count holds, each for the period that today falls in, not for the decision's."""
    decision = Decision.from_json(voucher.application.decision) if voucher.application.decision else None
    if decision is None or not voucher_rules.counted(decision.caps, Measure.HELD, Measure.USED):
        return ()
    today_s = caps_on(policy.document(voucher.version_id), decision, local_date(now))
    return voucher_rules.counted(today_s, Measure.HELD, Measure.USED)


def _fund(row: Order, priced: Quote, voucher: Voucher, now: datetime) -> Reason | None:
    """Ask the ledger for the hold, of money and of a quota's units; give the reason when it says no."""
    measured = caps_today(voucher, now)
    accounts, chain = rules.hold_lines(
        order_id=row.id,
        programme=row.programme,
        voucher_id=row.voucher_id,
        holder=row.holder_id,
        centre=row.centre_id,
        priced=priced,
        moving=moving(row),
        caps=measured,
    )
    unit_accounts, issue, units = quota.holds(row, voucher)
    chain = (*chain, *units)
    row.cap_keys = [use.key for use in measured]
    if not chain:  # a tariff of exactly 0: the centre gives it away
        return None
    ledger.open_accounts([*accounts, *unit_accounts])
    chains = [*[[line] for line in issue], chain]
    *_, statuses = voucher_services.apply_under_caps(programme=row.programme, caps=measured, chains=chains, now=now)
    if all(status.stands for status in statuses):
        return None
    row.cap_keys = []
    return rules.refusal(chain, statuses, priced.with_(moving(row)), vouchers.spendable_fen(row.voucher))


def cancel(*, order_id: UUID, by: Actor, now: datetime) -> Order:
    """Cancel an order: before it was handed over the hold is released at once, on an engine the job is stopped.

    What a stopped job used until then is metered and captured as usual.
    """
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        rules.check_own(by, row.holder_id, row.programme)
        if row.state not in ON_ENGINE:
            funded = row.state in (State.HELD, State.STAGING)
            released_fen = row.most_fen if funded else 0
            if not funded:  # nothing was held for its data either
                row.movement_fen = row.movement_voucher_fen = 0
            changed = () if funded else ("movement_fen", "movement_voucher_fen")
            take(row, "cancel", by=by, now=now, body={"released_fen": released_fen}, changed=changed)
            if funded:
                release(row, now)
            return row
        row.cancel_asked = True
        take(row, "ask_cancel", by=by, now=now, body={}, changed=("cancel_asked",))
    transaction.on_commit(partial(_stop, row))  # of the caller's transaction, where there is one
    return row


def _stop(row: Order) -> None:
    """Have the engine stop a job; whoever asked waits for it, but no transaction does."""
    with suppress(UnableToFindJob):  # not handed over yet: submit sees that it was asked
        engine_of(row.centre).cancel(row.id)


def release(row: Order, now: datetime) -> None:
    """Give every hold of an order's compute back, and move no more data for it; the last act of a transaction.

    What was moved is metered and charged; what is held for the rest follows then.
    """
    if row.movement_bytes_max:
        data.stop(row)
    resolve(row, voucher_fen=0, own_fen=0, now=now)


def resolve(row: Order, *, voucher_fen: int, own_fen: int, now: datetime, used_unit_ms: int = 0) -> None:
    """Capture what is due of an order's holds and release the rest, in one chain; the last act of a transaction.

    ``used_unit_ms`` is what the job used, units times milliseconds, for a quota in kind. What is released of a voucher
    that has ended meanwhile follows it to its sink.
    """
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    accounts, follows = voucher_rules.released_lines(
        state=voucher_rules.State(voucher.state),
        voucher_id=row.voucher_id,
        programme=row.programme,
        order_id=row.id,
        released_fen=row.voucher_hold_fen - voucher_fen,
        returns_to_year=vouchers.returns_to(voucher, local_date(now)),
    )
    ledger.open_accounts(accounts)
    units = quota.resolutions(row, voucher, used_unit_ms)
    ledger.require([*rules.resolve_lines(held(row), voucher_fen, own_fen), *units, *follows], at=now)


def resolve_movement(row: Order, *, voucher_fen: int, own_fen: int, now: datetime) -> None:
    """Capture what is due of what is held for an order's data movement and release the rest; the last act."""
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    accounts, follows = voucher_rules.released_lines(
        state=voucher_rules.State(voucher.state),
        voucher_id=row.voucher_id,
        programme=row.programme,
        order_id=held_for_movement(row).reference,
        released_fen=row.movement_voucher_hold_fen - voucher_fen,
        returns_to_year=vouchers.returns_to(voucher, local_date(now)),
    )
    lines = [*rules.resolve_lines(held_for_movement(row), voucher_fen, own_fen), *follows]
    if lines:
        ledger.open_accounts(accounts)
        ledger.require(lines, at=now)


def held_for_movement(row: Order) -> Held:
    """Give what is held for an order's data movement."""
    return Held(
        order_id=row.id,
        voucher_fen=row.movement_voucher_hold_fen,
        own_fen=row.movement_own_hold_fen,
        cap_keys=tuple(row.cap_keys),
        moves=row.moves,
        movement=True,
    )


def held(row: Order) -> Held:
    """Give what is held for an order."""
    return Held(
        order_id=row.id,
        voucher_fen=row.voucher_hold_fen,
        own_fen=row.own_hold_fen,
        cap_keys=tuple(row.cap_keys),
        moves=row.moves,
        more=tuple(
            rules.Slice(
                number=each.number,
                voucher_fen=each.voucher_fen,
                own_fen=each.own_fen,
                cap_keys=tuple(each.cap_keys),
            )
            for each in queries.standing_slices(row)
        ),
    )

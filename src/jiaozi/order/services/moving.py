"""Placing an order anew when its centre fails before the job starts: the hold moves in one chain of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Transfer, TransferStatus, UnableToTransfer
from jiaozi.order import queries, rules
from jiaozi.order.models import Order
from jiaozi.order.rules import Held, State, placing
from jiaozi.order.rules.wishes import Wishes
from jiaozi.order.services.apart import order_apart
from jiaozi.order.services.data import carry_over, wishes_of
from jiaozi.order.services.funding import caps_today, go_on, held, held_for_movement
from jiaozi.order.services.placing import Placed, choose
from jiaozi.order.services.quoting import Moving, Priced, movement, price, put_movement, spendable_terms
from jiaozi.order.services.spec import request_of
from jiaozi.order.services.spending import over_limit
from jiaozi.order.services.step import take
from jiaozi.party.rules import SYSTEM
from jiaozi.policy.rules import CapUse
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import services as voucher_services

_log = structlog.get_logger(__name__)


def re_place(*, order_id: UUID, why: Reason, now: datetime) -> bool:
    """Move a funded order to the next best place; says whether it moved.

    Only for an order that no engine has: never handed over, refused, or unknown to the engine that was asked. The old
    hold is voided and the new one taken in one chain, so that the order is funded at every moment. Where no other place
    will do, or the money does not reach there, everything stays as it was.
    """
    row = queries.order(order_id)
    if not _may_move(row):
        return False
    tried = placing.tried(row.placement, row.centre_id)
    request = request_of(row)
    try:
        voucher = vouchers.voucher(row.voucher_id)
        wishes, terms = wishes_of(row), spendable_terms(voucher, now)
        placed = choose(request, voucher, now, tried=tried, wishes=wishes)
        priced = price(replace(request, centre=placed.centre), voucher, terms, now)
        moving = movement(placed.centre, wishes, terms)
        placing.check_agreed(row.placement, priced.quote.most_fen + moving.quote.most_fen)
        with transaction.atomic():
            return _move(row, _Next(placed, priced, moving, wishes), why, now)
    except UnableToTransfer as short:
        _log.info("order not placed anew", order=str(order_id), reason=str(short))
    except Refused as refused:
        _log.info("no other place for the order", order=str(order_id), reason=str(refused))
    return False


def re_place_waiting(*, now: datetime) -> int:
    """Place anew whatever its centre did not take in time; gives how many moved. One order's trouble is its own."""
    moved = 0
    for order_id in queries.not_taken(now - placing.PATIENCE):
        with order_apart(order_id):
            moved += re_place(order_id=order_id, why=placing.no_engine(), now=now)
    return moved


def _may_move(row: Order) -> bool:
    return placing.may_move(State(row.state), pinned=row.pinned, cancel_asked=row.cancel_asked, moves=row.moves)


@dataclass(frozen=True, slots=True)
class _Next:
    """The next place of an order, and what it costs there."""

    placed: Placed
    priced: Priced
    moving: Moving
    wishes: Wishes


def _move(seen: Order, next_: _Next, why: Reason, now: datetime) -> bool:
    placed, priced = next_.placed, next_.priced
    row = queries.order(seen.id, lock=True)
    if (row.state, row.moves, row.cancel_asked) != (seen.state, seen.moves, seen.cancel_asked):
        return False  # somebody else brought it on meanwhile
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    spendable_terms(voucher, now)
    _check_limit(row, next_, now)
    old = [held(row), held_for_movement(row)]
    moves, from_ = row.moves + 1, row.centre_id
    caps = caps_today(voucher, now)
    accounts, holds = rules.hold_lines(
        order_id=row.id,
        programme=row.programme,
        voucher_id=row.voucher_id,
        holder=row.holder_id,
        centre=placed.centre,
        priced=priced.quote,
        moving=next_.moving.quote,
        caps=caps,
        moves=moves,
    )
    row.centre_id, row.tariff_id, row.moves = placed.centre, priced.tariff.id, moves
    row.engine_granularity_ms, row.kill_lag_ms = priced.offer.granularity_ms, priced.offer.kill_lag_ms
    row.most_fen, row.voucher_hold_fen, row.own_hold_fen = (
        priced.quote.most_fen,
        priced.quote.voucher_fen,
        priced.quote.own_fen,
    )
    put_movement(row, next_.moving)
    row.cap_keys = [use.key for use in caps]
    row.placement = placed.record | {
        "most_fen": seen.placement["most_fen"],
        "tried": placing.tried(seen.placement, from_),
    }
    row.engine_job, row.missing_since = "", None
    body = {
        "from": from_,
        "moves": moves,
        "most_fen": row.most_fen,
        "reason": why.code,
        "to": placed.centre,
        "voucher_fen": row.voucher_hold_fen,
    }
    take(row, "re_place", by=SYSTEM, now=now, body=body, changed=_CHANGED)
    go_on(row, staged=not carry_over(row, from_, next_.wishes), by=SYSTEM, now=now)
    chain = [*(line for each in old for line in rules.move_lines(each)), *holds]
    if chain:
        ledger.open_accounts(accounts)
        _require(row.programme, chain, caps, old, now)
    return True


def _check_limit(row: Order, next_: _Next, now: datetime) -> None:
    """Let a dearer place be within the limit of the member who placed the order."""
    before_fen = row.most_fen + row.movement_voucher_hold_fen + row.movement_own_hold_fen
    more_fen = next_.priced.quote.most_fen + next_.moving.quote.most_fen - before_fen
    over = over_limit(row, member=row.held_by, at=row.held_at or now, more_fen=more_fen)
    if over is not None:
        raise rules.UnableToHold(over.code, over.label.zh, over.label.en, field=over.field)


def _require(
    programme: str, chain: Sequence[Transfer], caps: Sequence[CapUse], old: Sequence[Held], now: datetime
) -> None:
    """Let the whole chain stand, under the caps that it counts for and gives back to, or nothing."""
    freed_fen = dict.fromkeys(old[0].cap_keys, sum(each.voucher_fen for each in old))
    (statuses,) = voucher_services.apply_under_caps(
        programme=programme, caps=caps, chains=[chain], now=now, freed_fen=freed_fen
    )
    for line, status in zip(chain, statuses, strict=True):
        if not status.stands and status is not TransferStatus.CHAIN_FAILED:
            raise UnableToTransfer(status, line)


_CHANGED = (
    "centre",
    "tariff",
    "moves",
    "engine_granularity_ms",
    "kill_lag_ms",
    "most_fen",
    "voucher_hold_fen",
    "own_hold_fen",
    "movement_bytes_max",
    "movement_price_ufen",
    "movement_share",
    "movement_voucher_hold_fen",
    "movement_own_hold_fen",
    "cap_keys",
    "placement",
    "engine_job",
    "missing_since",
)

"""Orders in and out: sealed, held for at once, a trader's own alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.exchange.models import TradeOrder
from jiaozi.exchange.queries.own import live_count, trader_of
from jiaozi.exchange.queries.reading import session_for_entering
from jiaozi.exchange.queries.replaying import book_of, entry
from jiaozi.exchange.rules.book import Order
from jiaozi.exchange.rules.entering import NewOrder, check_new, entry_of, refusal, seal
from jiaozi.exchange.rules.life import (
    OrderState,
    SessionState,
    check_count,
    check_entering,
    no_such_order,
)
from jiaozi.exchange.rules.lines import Accounts, Entry, hold_line, release_lines
from jiaozi.exchange.services.step import one_at_a_time
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import TransferStatus
from jiaozi.party.rules import Actor

_SALT_BYTES = 16


def enter(*, session_id: UUID, orders: Sequence[NewOrder], by: Actor, now: datetime) -> list[UUID]:
    """Enter sealed orders, all or none: a bid holds all that it may cost, an ask all that it may have to deliver.

    Raises
    ------
    UnableToTrade, UnableToClear
        Naming the order and the field: the session is over, a figure is wrong, it would trade with an own order, the
        deposit or the declared capacity is short.
    """
    with transaction.atomic():
        row = session_for_entering(session_id)
        party = trader_of(by, row.programme)
        check_entering(SessionState(row.state), row.closes_at, now)
        one_at_a_time("party", str(session_id), str(party))
        check_count(len(orders), live_count(session_id, party))
        book = book_of(row, party=party)
        taken = check_new(book, str(party), orders, [str(new_id()) for _ in orders])
        held = [entry_of(each, book) for each in taken]
        rows = [_row(session_id, order, each, by, now) for order, each in zip(taken, held, strict=True)]
        TradeOrder.objects.bulk_create(rows, batch_size=1000)
        journal.write_many(
            Line("exchange", "enter", each.id, "", each.state, by.name, now, _body(session_id, order, each))
            for order, each in zip(taken, rows, strict=True)
        )
        _hold(Accounts(row.programme, row.id), held, now)
    return [each.id for each in rows]


def _row(session_id: UUID, order: Order, held: Entry, by: Actor, now: datetime) -> TradeOrder:
    return TradeOrder(
        id=held.id,
        session_id=session_id,
        party_id=held.block.party,
        side=order.side,
        resource_class=order.resource_class,
        hub=order.hub,
        period=order.period,
        quantity=order.quantity,
        limit_fen=order.limit_fen,
        minimum=order.minimum,
        lot_units=held.lot_units,
        start=held.block.start,
        end=held.block.end,
        state=OrderState.LIVE,
        salt=secrets.token_bytes(_SALT_BYTES),
        entered_by=by.name,
        entered_at=now,
    )


def _body(session_id: UUID, order: Order, row: TradeOrder) -> dict[str, str]:
    """Give what the journal may carry: the order's figures are sealed."""
    return {"order": seal(order, bytes(row.salt)), "session": str(session_id)}


def _hold(at: Accounts, held: Sequence[Entry], now: datetime) -> None:
    asked = [(number, each, *hold_line(at, each)) for number, each in enumerate(held)]
    ledger.open_accounts(account for _, _, from_, to, _ in asked for account in (from_, to))
    lines = [(number, each, line) for number, each, _, _, line in asked if line is not None]
    statuses = ledger.apply([[line] for _, _, line in lines], at=now)
    for (number, each, _), (status,) in zip(lines, statuses, strict=True):
        if status is not TransferStatus.APPLIED:
            raise refusal(each, number, status)


def withdraw(*, session_id: UUID, order_ids: Sequence[UUID], by: Actor, now: datetime) -> None:
    """Take own orders back while the session is open, all or none; their holds are released.

    Raises
    ------
    UnableToTrade
        When the session is over, or one of them is not there, not the trader's, or withdrawn already.
    """
    with transaction.atomic():
        row = session_for_entering(session_id)
        party = trader_of(by, row.programme)
        check_entering(SessionState(row.state), row.closes_at, now)
        one_at_a_time("party", str(session_id), str(party))
        wanted = set(order_ids)
        own = TradeOrder.objects.select_for_update(no_key=True).filter(
            session=row, party_id=party, state=OrderState.LIVE, id__in=wanted
        )
        found = list(own.order_by("id"))
        check_count(len(wanted), 0)
        if len(found) != len(wanted):
            raise no_such_order()
        TradeOrder.objects.filter(id__in=wanted).update(state=OrderState.WITHDRAWN)
        body = {"session": str(session_id)}
        journal.write_many(
            Line("exchange", "withdraw", each.id, each.state, OrderState.WITHDRAWN, by.name, now, body)
            for each in found
        )
        ledger.require([line for chain in release_lines(entry(each) for each in found) for line in chain], at=now)

"""Moving an order's data: inputs before its job may start, outputs after it ended; whole and verified, or not there.

No transaction is open while bytes move. One file is one task; whoever dies over it leaves a row that the next one takes
up, and the mover goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django import app as later
from procrastinate.exceptions import AlreadyEnqueued

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.order import queries
from jiaozi.order.models import Order, OrderData
from jiaozi.order.ports import Direction, Movement, MovementRecord, UnableToMove, UnableToReachPlace
from jiaozi.order.rules import State
from jiaozi.order.rules.staging import OPEN, DataState, again_at, failed
from jiaozi.order.services.apart import alone
from jiaozi.order.services.funding import move_later, release, submit_later
from jiaozi.order.services.moving import re_place
from jiaozi.order.services.stager import staging
from jiaozi.order.services.step import say, take
from jiaozi.party.rules import SYSTEM

_TASK = "jiaozi.order.tasks.move_data"
_TELL_BYTES = 8 * 1024 * 1024
_TELL_PARTS = 50
_SLOTS_KEY = 0x6A7A64  # "jzd"


class _Stopped(Refused):
    """The order does not want the file any more."""


def move_data(*, order_id: UUID, now: datetime) -> bool:
    """Move the next of an order's files that is due; says whether one was moved.

    When the last input is there, the order is handed over; when one can't be moved, it is placed anew or fails with the
    reason, and its hold goes back. An output that can't be moved keeps its reason; the job is charged all the same.
    """
    row = queries.given_up(order_id) or queries.due_data(order_id, now).order_by("direction", "name").first()
    if row is None:
        return False
    with _turn() as mine, alone(row.id) as only:
        if not (mine and only):
            return False
        if row.state == DataState.FAILED:
            _go_elsewhere(row, now)
            return False
        return _move(row, now)


def move_waiting(*, now: datetime) -> int:
    """Have the worker move whatever is due, each order once; gives how many orders there are."""
    due = queries.orders_with_due_data(now)
    for order_id in due:
        task = later.configure_task(_TASK, queueing_lock=f"order.data.{order_id}")
        with suppress(AlreadyEnqueued), transaction.atomic():
            task.defer(order_id=str(order_id))
    return len(due)


def _move(row: OrderData, now: datetime) -> bool:
    order = _begin(row, now)
    if order is None:
        return False
    try:
        record = _carry(order, row)
    except _Stopped:
        return False
    except UnableToMove as refused:
        _fail(row, refused.reason, now)
        return False
    except UnableToReachPlace as broken:
        _put_off(row, broken.reason, now)
        return False
    _end(row, record, now)
    return True


def _begin(row: OrderData, now: datetime) -> Order | None:
    with transaction.atomic():
        order = queries.order(row.order_id, lock=True)
        begun = OrderData.objects.filter(id=row.id, state__in=OPEN, centre_id=order.centre_id)
        if not begun.update(state=DataState.MOVING, started_at=row.started_at or now):
            return None
    return order


def _carry(order: Order, row: OrderData) -> MovementRecord:
    inward = row.direction == Direction.IN
    landing = staging().landing(order.centre_id, order.id, Direction(row.direction), row.name)
    if landing is None:
        raise UnableToMove("NO_LANDING", "该中心不能接收网址数据", "the centre takes no data by URL", field="centre")
    movement = Movement(
        id=row.id,
        order_id=order.id,
        direction=Direction(row.direction),
        source=row.url if inward else landing.url,
        target=landing.url if inward else row.url,
        bytes_max=row.size_max,
        sha256=row.sha256,
    )
    told = 0

    def tell(there: int, size: int | None) -> None:
        nonlocal told
        if there - told < min(_TELL_BYTES, (size or row.size_max) // _TELL_PARTS) and there != size:
            return
        told = there
        if not OrderData.objects.filter(id=row.id, state=DataState.MOVING).update(there_bytes=there):
            raise _Stopped("STOPPED", "已停止传输", "it is not wanted any more")

    return staging().stager(order.centre_id, order.id, order.holder_id).move(movement, tell)


def _end(row: OrderData, record: MovementRecord, now: datetime) -> None:
    with _wanted(row) as (order, there):
        if there is None:
            return
        there.state, there.size, there.there_bytes, there.sent = DataState.DONE, record.size, record.size, record.sent
        there.sha256, there.ended_at, there.next_at = record.sha256, record.ended_at, None
        there.reason_code = there.reason_zh = there.reason_en = ""
        there.save()
        _tell(there, order, "move", now, {"bytes": record.size, "content": record.sha256})
        if order.state == State.STAGING and not queries.inputs_open(order):
            take(order, "staged", by=SYSTEM, now=now, body={})
            submit_later(order)
        else:
            move_later(order.id)


def _put_off(row: OrderData, why: Reason, now: datetime) -> None:
    """Try again later, more patiently each time; an attempt that came further than the last one begins the count."""
    with _wanted(row) as (_, there):
        if there is None:
            return
        there.attempts = 1 if there.there_bytes > there.reached_bytes else there.attempts + 1
        there.reached_bytes = there.there_bytes
        there.next_at = again_at(there.attempts, now)
        say(there, why)
        there.save()
        given_up = there.next_at is None
    if given_up:
        _fail(row, why, now, another_place=True)


def _fail(row: OrderData, why: Reason, now: datetime, *, another_place: bool = False) -> None:
    """Give a file up; an input takes its order with it, unless another place will do where the way was broken.

    File and order fail in one transaction. Another place is looked for in none, after the file has failed: whoever dies
    then leaves an order that waits with a failed input, which ``move_data`` takes up.
    """
    with _wanted(row) as (order, there):
        if there is None:
            return
        there.state, there.next_at = DataState.FAILED, None
        say(there, why)
        there.save()
        _tell(there, order, "fail_data", now, {"reason": why.code})
        if order.state != State.STAGING:
            move_later(order.id)
            return
        if not another_place:
            _fail_order(order, failed(row.name, why), now)
            return
    _go_elsewhere(row, now)


def _go_elsewhere(row: OrderData, now: datetime) -> None:
    """Place an order with a failed input anew, or fail it with the input's reason; whoever calls is alone with it."""
    there = queries.given_up(row.order_id)
    if there is None or there.id != row.id:
        return  # somebody else brought the order on meanwhile
    why = failed(there.name, Reason(there.reason_code, Label(there.reason_zh, there.reason_en)))
    if re_place(order_id=row.order_id, why=why, now=now):
        return
    with transaction.atomic():
        order = queries.order(row.order_id, lock=True)
        there = queries.given_up(row.order_id)
        if there is not None and there.id == row.id:
            _fail_order(order, why, now)


def _fail_order(order: Order, why: Reason, now: datetime) -> None:
    take(order, "fail", by=SYSTEM, now=now, body={"reason": why.code}, changed=say(order, why))
    release(order, now)


@contextmanager
def _wanted(row: OrderData) -> Iterator[tuple[Order, OrderData | None]]:
    """Give an order and its file in one transaction, both locked in this order; None when the file is not wanted."""
    with transaction.atomic():
        order = queries.order(row.order_id, lock=True)
        rows = OrderData.objects.select_for_update(no_key=True).filter(id=row.id, state=DataState.MOVING)
        yield order, rows.first()


def _tell(row: OrderData, order: Order, verb: str, now: datetime, body: dict[str, object]) -> None:
    """Write the journal line; it names the file by its row, never by its URL."""
    body = {**body, "data": str(row.id), "direction": row.direction}
    journal.write(Line("order", verb, order.id, order.state, order.state, SYSTEM.name, now, body))


@contextmanager
def _turn() -> Iterator[bool]:
    """Say whether one of the few places for movers is free: the rest of the worker must not wait for bytes."""
    with connection.cursor() as cursor:
        for place in range(settings.JIAOZI_MOVES_AT_ONCE):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_SLOTS_KEY, place])
            if cursor.fetchone()[0]:
                try:
                    yield True
                finally:
                    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_SLOTS_KEY, place])
                return
    yield False

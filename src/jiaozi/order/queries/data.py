"""Reading the files of orders: which are to be moved, which are there, whose movement can be charged."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from jiaozi.order.models import Order, OrderData
from jiaozi.order.ports import Direction
from jiaozi.order.queries.reading import ROWS_MAX, UnableToFindOrder
from jiaozi.order.queries.working import SUBMITTED_MAX
from jiaozi.order.rules import State
from jiaozi.order.rules.staging import CLOSABLE, OPEN, OVER, DataState


def data_of(order_id: UUID, centre: str | None = None) -> list[OrderData]:
    """Give an order's files by URL, those of one centre where asked: inputs, then outputs, by name."""
    rows = OrderData.objects.filter(order_id=order_id)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    return list(rows.order_by("direction", "name", "centre_id")[:ROWS_MAX])


def file_of(order_id: UUID, data_id: UUID) -> OrderData:
    """Give one of an order's files by URL.

    Raises
    ------
    UnableToFindOrder
        When the order has no such file.
    """
    found = OrderData.objects.filter(id=data_id, order_id=order_id).first()
    if found is None:
        raise UnableToFindOrder("NO_SUCH_FILE", f"没有文件{data_id}", f"no file {data_id}", field="data")
    return found


def inputs_open(row: Order) -> bool:
    """Say whether any input is not there and verified yet at the order's centre."""
    rows = OrderData.objects.filter(order=row, centre_id=row.centre_id, direction=Direction.IN)
    return rows.exclude(state=DataState.DONE).exists()


def due_data(order_id: UUID | None, now: datetime) -> QuerySet[OrderData]:
    """Give the files that have to be moved now, of one order or of all: inputs before the job, outputs after it.

    One that is under way is among them: whoever moves it may have died.
    """
    before = Q(direction=Direction.IN, order__state=State.STAGING)
    after = Q(direction=Direction.OUT, order__state__in=OVER, order__started_at__isnull=False)
    rows = OrderData.objects.filter(before | after, state__in=OPEN, centre_id=F("order__centre_id"))
    rows = rows.filter(Q(next_at=None) | Q(next_at__lte=now))
    return rows if order_id is None else rows.filter(order_id=order_id)


def orders_with_due_data(now: datetime) -> list[UUID]:
    """Give the orders that have a file to be moved now, or wait for an input that was given up, oldest first."""
    due = Order.objects.filter(id__in=due_data(None, now).values("order_id"))
    left = Order.objects.filter(id__in=_given_up().values("order_id"))
    return list((due | left).order_by("id").values_list("id", flat=True)[:SUBMITTED_MAX])


def given_up(order_id: UUID) -> OrderData | None:
    """Give a failed input that an order still waits for: whoever gave it up died before the order went on."""
    return _given_up().filter(order_id=order_id).order_by("name").first()


def _given_up() -> QuerySet[OrderData]:
    rows = OrderData.objects.filter(order__state=State.STAGING, state=DataState.FAILED, direction=Direction.IN)
    return rows.filter(centre_id=F("order__centre_id"))


def movement_to_close() -> list[UUID]:
    """Give the orders whose data movement can be charged: nothing is under way, and nothing will be."""
    open_ = Exists(OrderData.objects.filter(order_id=OuterRef("id"), state__in=OPEN))
    rows = Order.objects.filter(movement_bytes_max__gt=0, movement_fen=None, state__in=CLOSABLE).exclude(open_)
    return list(rows.order_by("id").values_list("id", flat=True)[:SUBMITTED_MAX])

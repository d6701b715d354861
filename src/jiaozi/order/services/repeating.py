"""An order once more: what an old one asked for, to be quoted anew at today's price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import Direction
from jiaozi.order.rules import Request, Session, check_own
from jiaozi.order.rules.wishes import DataFile, Wishes, from_json
from jiaozi.order.services.quoting import quote
from jiaozi.party.rules import Actor


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order asked for; by when is left out, for that is over."""

    title: str
    request: Request
    wishes: Wishes
    files: dict[str, str]


def asked(*, order_id: UUID, by: Actor) -> Asked:
    """Give what an order asked for, to whoever could have placed it.

    Raises
    ------
    UnableToHold
        When it is another's.
    UnableToFindOrder
        When there is none.
    """
    row = queries.order(order_id)
    check_own(by, row.holder_id, row.programme)
    session = queries.session_of(row)
    request = Request(
        centre=row.centre_id if row.pinned else "",
        resource_class=row.resource_class_id,
        units=row.units,
        memory_mib=row.memory_mib,
        time_limit_ms=row.time_limit_ms,
        command=tuple(row.command),
        end_user=row.end_user_id,
        session=Session(opens=session.opens, authorized_key=session.authorized_key) if session else None,
    )
    inputs, outputs = (_data(row, direction) for direction in (Direction.IN, Direction.OUT))
    wishes = replace(from_json(row.wishes, inputs, outputs), latest_start=None, deadline=None)
    return Asked(row.title, request, wishes, dict(row.files))


def again(*, order_id: UUID, voucher_id: UUID | None = None, by: Actor, now: datetime) -> Order:
    """Quote an old order anew, on its own voucher or on another; nothing is held yet.

    Raises
    ------
    UnableToHold, UnableToFindOrder, UnableToQuote
        As for a new order.
    """
    old = asked(order_id=order_id, by=by)
    voucher = voucher_id or queries.order(order_id).voucher_id
    return quote(
        voucher_id=voucher, request=old.request, title=old.title, by=by, now=now, files=old.files, wishes=old.wishes
    )


def _data(row: Order, direction: Direction) -> tuple[DataFile, ...]:
    found = queries.data_of(row.id, row.centre_id) if row.movement_bytes_max else []
    return tuple(
        DataFile(name=each.name, url=each.url, size_bytes=each.size_max)
        for each in found
        if each.direction == direction
    )

"""An order once more: what an old one asked for, to be quoted anew at today's price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.rules import check_own
from jiaozi.order.rules.template import Asked
from jiaozi.order.rules.wishes import DataFile
from jiaozi.order.services.data import wishes_of
from jiaozi.order.services.quoting import quote
from jiaozi.order.services.spec import request_of
from jiaozi.party.rules import Actor


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
    request = replace(request_of(row), centre=row.centre_id if row.pinned else "")
    wishes = replace(wishes_of(row), latest_start=None, deadline=None)
    wishes = replace(wishes, inputs=_unsealed(wishes.inputs), outputs=_unsealed(wishes.outputs))
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


def _unsealed(files: Iterable[DataFile]) -> tuple[DataFile, ...]:
    """Ask for no content: once a file was moved its row says which was found, and no longer what was asked for."""
    return tuple(replace(each, sha256="") for each in files)

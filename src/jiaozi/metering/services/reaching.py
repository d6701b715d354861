"""Keeping those who rule on usage to their own programme, whether a record names an order or not."""

from __future__ import annotations

from datetime import datetime

from jiaozi.kernel.period import local_date
from jiaozi.metering.models import UsageRow
from jiaozi.metering.queries.reaching import supplied_by
from jiaozi.metering.rules import ruling
from jiaozi.order import queries as orders
from jiaozi.party.rules import Actor, check_own_programme


def check_reach(row: UsageRow, by: Actor, now: datetime, *, lock: bool = False) -> None:
    """Let an actor rule on the usage of its own programme, locking the order that it is of where asked.

    Raises
    ------
    UnableToActForProgramme
        When the order, or the voucher that paid, is another programme's, or the centre does not supply the actor's.
    """
    if row.order_id is not None:
        check_own_programme(by, orders.order(row.order_id, lock=lock).programme)
    elif row.capture is not None:
        check_own_programme(by, row.capture.programme)
    elif by.programme and not supplied_by(by.programme, row.centre_id, local_date(now)):
        raise ruling.not_our_supplier(by.programme, row.centre_id)

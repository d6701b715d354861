"""Taking in what a centre pushes, instead of waiting to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jiaozi.catalogue import queries as catalogue
from jiaozi.metering import queries
from jiaozi.metering.rules.pushing import check_push
from jiaozi.metering.services.capturing import capture
from jiaozi.metering.services.receiving import Received, receive
from jiaozi.order.ports import UsageRecord
from jiaozi.party.rules import Actor

SOURCE = "push"


def push(*, centre: str, records: Sequence[UsageRecord], by: Actor, now: datetime) -> Received:
    """Store what a centre pushes, each record once, and capture the orders that have ended; see ``receive``.

    A centre that is not connected is never read, so nothing else would capture them.

    Raises
    ------
    UnableToPush, UnableToActForCentre
        When it is not the actor's centre.
    UnableToFindCentre
        When there is no such centre.
    """
    check_push(by, centre)
    catalogue.centre(centre)
    received = receive(centre=centre, records=records, source=SOURCE, now=now)
    for order_id in queries.ended_among(centre, {each.order_id for each in records if each.order_id}):
        capture(order_id=order_id, now=now)
    return received

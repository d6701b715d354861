"""Taking in what a centre pushes, instead of waiting to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jiaozi.catalogue import queries as catalogue
from jiaozi.metering.rules.pushing import check_push
from jiaozi.metering.services.receiving import Received, receive
from jiaozi.order.ports import UsageRecord
from jiaozi.party.rules import Actor

SOURCE = "push"


def push(*, centre: str, records: Sequence[UsageRecord], by: Actor, now: datetime) -> Received:
    """Store what a centre pushes, each record once; see ``receive``.

    Raises
    ------
    UnableToPush, UnableToActForCentre
        When it is not the actor's centre.
    UnableToFindCentre
        When there is no such centre.
    """
    check_push(by, centre)
    catalogue.centre(centre)
    return receive(centre=centre, records=records, source=SOURCE, now=now)

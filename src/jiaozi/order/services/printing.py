"""What a job printed, asked of its engine each time and kept by nobody on the way."""

from __future__ import annotations

from uuid import UUID

from jiaozi.order import queries
from jiaozi.order.ports import UnableToFindJob
from jiaozi.order.rules.printed import check_may_read
from jiaozi.order.services.engines import engine_of
from jiaozi.party.rules import Actor


def printed(*, order_id: UUID, tail_bytes: int, by: Actor) -> bytes | None:
    """Give the last bytes of what a job printed; None where the engine has, or keeps, nothing of it.

    Raises
    ------
    UnableToSee, UnableToOpenSession
        When it is not for whoever asks.
    UnableToReachEngine
        When the engine gave no answer.
    """
    row = queries.order(order_id)
    is_session = queries.session_of(row) is not None
    check_may_read(by, holder=row.holder_id, centre=row.centre_id, programme=row.programme, is_session=is_session)
    try:
        return engine_of(row.centre).logs(row.id, tail_bytes)
    except UnableToFindJob:
        return None

"""Whether an order was ever handed to an engine: known for certain, or not.

The state says it: an order is marked SUBMITTED, and that is on the disk, before its engine is called. So one that is
still HELD was never asked for, unless the database has forgotten: it was put back from a copy, or another server took
over that had not heard of the mark yet. Both are seen here, and both only cost a look at the engine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from jiaozi.order.rules.life import State

FIRST_WITHIN = timedelta(minutes=2)
"""How old an order may be at an attempt that counts as its first: a stated value of ours. Nobody has copied a database,
lost it and put the copy back within that time."""


def is_first_attempt(
    *,
    state: State,
    moves: int,
    quoted_at: datetime,
    quoted_under: datetime | None,
    server_began_at: datetime,
    now: datetime,
) -> bool:
    """Say whether no engine can have been asked for an order before.

    Parameters
    ----------
    state
        Before it was marked as being handed over.
    moves
        How often it was placed anew: another place may be another name of the same engine.
    quoted_under, server_began_at
        When the database server began that stored the quote, and the one that answers now.
    """
    remembered = quoted_under == server_began_at and abs(now - quoted_at) <= FIRST_WITHIN
    return state == State.HELD and not moves and remembered

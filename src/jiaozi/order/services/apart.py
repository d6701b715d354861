"""Keeping one order's or one centre's trouble its own, so that the others go on, and two workers apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db import connection

from jiaozi.order.ports import UnableToReachEngine

_log = structlog.get_logger(__name__)


@contextmanager
def order_apart(order_id: object) -> Iterator[None]:
    """Log what goes wrong with one order and go on; it is tried again at the next turn.

    Raises
    ------
    UnableToReachEngine
        What an engine out of reach can't do for one order it can't for the next.
    """
    try:
        yield
    except UnableToReachEngine:
        raise
    except Exception:  # noqa: BLE001 - what one order brings must not stop the others; it is logged whole
        _log.exception("order left for the next turn", order=str(order_id))


@contextmanager
def centre_apart(centre: str) -> Iterator[None]:
    """Leave a centre for the next turn: one out of reach with a line, anything unexpected logged whole."""
    try:
        yield
    except UnableToReachEngine as down:
        _log.info("centre can't be reached", centre=centre, reason=str(down))
    except Exception:  # noqa: BLE001 - as above
        _log.exception("centre left for the next turn", centre=centre)


@contextmanager
def alone(id_: UUID) -> Iterator[bool]:
    """Say whether nobody else is at this order or file; the lock is the session's, no transaction is held open."""
    key = id_.int % 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (mine,) = cursor.fetchone()
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])

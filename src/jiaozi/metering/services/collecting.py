"""Reading the engines: page by page, each with its cursor in one transaction; then what is complete is captured.

No transaction is open while an engine is asked. A crash in between loses nothing: the cursor moves with the page, and
a page that is read again is the same again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.refusal import Refused
from jiaozi.metering import queries
from jiaozi.metering.models import UsageCursor
from jiaozi.metering.services.capturing import capture, release_unused
from jiaozi.metering.services.moving import capture_movements
from jiaozi.metering.services.receiving import RECORDS_MAX, Received, receive, subject_of
from jiaozi.order import services as order
from jiaozi.order.ports import Engine, UnableToReachEngine, UnableToReadUsage, UsagePage
from jiaozi.order.rules import State as OrderState
from jiaozi.party.rules import SYSTEM

_log = structlog.get_logger(__name__)

PAGES_MAX = 200
"""Pages that one call reads; the next call goes on from there."""

SOURCE = "engine"


@dataclass(frozen=True, slots=True)
class Collected:
    """What one reading of a centre brought."""

    received: Received = field(default_factory=Received)
    captured: tuple[UUID, ...] = ()
    released: tuple[UUID, ...] = ()


def collect_all(*, now: datetime) -> int:
    """Read every connected centre, and charge the data that was moved; gives how many orders closed.

    One that can't be reached is read next time, and whatever else goes wrong at one centre is its own: it is logged,
    and the others go on.
    """
    closed = 0
    for centre in catalogue.centres(connected=True):
        try:
            collected = collect(centre=centre.id, now=now)
        except UnableToReachEngine as down:
            _log.info("centre can't be reached", centre=centre.id, reason=str(down))
        except Exception:  # noqa: BLE001 - what one centre sends must not stop the others; it is logged whole
            _log.exception("centre's usage can't be collected", centre=centre.id)
        else:
            closed += len(collected.captured) + len(collected.released)
    return closed + capture_movements(now=now)


def collect(*, centre: str, now: datetime) -> Collected:
    """Read a centre's usage since the last time, and capture every ended order whose usage is in.

    Orders that had ended before this reading began and have usage now are captured; of the others, those whose jobs
    never ran are released. An order whose job ran but whose usage is not there yet waits for it.

    Raises
    ------
    UnableToReachEngine
        When there was no answer; what had been read before it stays.
    """
    row = catalogue.centre(centre)
    engine = order.engine_of(row)
    ended = queries.ended_orders(centre)
    received, finished = _read(row, engine, now)
    if not finished:
        return Collected(received)
    metered = queries.with_open_usage(ended)
    captured = [id_ for id_ in ended if id_ in metered and _closes(_captured, id_, now)]
    released = [id_ for id_ in ended if id_ not in metered and _closes(release_unused, id_, now)]
    return Collected(received, tuple(captured), tuple(released))


def _captured(*, order_id: UUID, now: datetime) -> bool:
    return capture(order_id=order_id, now=now).state == OrderState.CAPTURED


def _closes(verb: Callable[..., bool], order_id: UUID, now: datetime) -> bool:
    """Close one order; one that the ledger or the database refuses is logged and tried again, the others go on."""
    try:
        return verb(order_id=order_id, now=now)
    except (Refused, DatabaseError) as wrong:
        _log.error("order can't be closed", order=str(order_id), verb=verb.__name__, reason=str(wrong))
        return False


def _read(centre: Centre, engine: Engine, now: datetime) -> tuple[Received, bool]:
    """Read page after page; says as well whether the end was reached."""
    received, cursor = Received(), queries.cursor_of(centre.id)
    for _ in range(PAGES_MAX):
        page = _page(centre, engine, cursor, now)
        if page is None:
            cursor = ""
            continue
        stored = _keep(centre, cursor, page, now)
        if stored is None:  # another worker was quicker; it captures, too
            return received, False
        received, cursor = received + stored, page.cursor
        if not page.more:
            return received, True
    return received, False


def _page(centre: Centre, engine: Engine, cursor: str, now: datetime) -> UsagePage | None:
    """Ask for a page; None says to begin again, because the engine has lost its past (a new spool, a rebuilt machine).

    Reading again is safe: what is known is the same again.
    """
    try:
        return engine.usage(cursor)
    except UnableToReadUsage:
        if not cursor:
            raise
        with transaction.atomic():
            body = {"cursor": digest(cursor).hex()}
            journal.write(Line("metering", "begin_again", subject_of(centre.id), "", "", SYSTEM.name, now, body))
            UsageCursor.objects.filter(centre=centre, cursor=cursor).update(cursor="", moved_at=now)
        return None


def _keep(centre: Centre, cursor: str, page: UsagePage, now: datetime) -> Received | None:
    """Store a page with its cursor, or nothing when the cursor has moved meanwhile."""
    with transaction.atomic():
        UsageCursor.objects.bulk_create([UsageCursor(centre=centre, cursor="", moved_at=now)], ignore_conflicts=True)
        known = UsageCursor.objects.select_for_update(no_key=True).get(centre=centre)
        if known.cursor != cursor:
            return None
        received = Received()
        for start in range(0, len(page.records), RECORDS_MAX):
            part = page.records[start : start + RECORDS_MAX]
            received += receive(centre=centre.id, records=part, source=SOURCE, now=now)
        if page.cursor != cursor:
            known.cursor, known.moved_at = page.cursor, now
            known.save(update_fields=["cursor", "moved_at"])
    return received

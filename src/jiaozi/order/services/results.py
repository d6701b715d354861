"""Handing an order's results to its holder, as far as they lie on this machine; nothing of them is kept on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.order import queries
from jiaozi.order.models import Order, OrderData
from jiaozi.order.ports import Direction
from jiaozi.order.rules import results as rules
from jiaozi.order.rules.staging import DataState
from jiaozi.order.services.stager import staging
from jiaozi.party.rules import Actor


@dataclass(frozen=True, slots=True)
class Result:
    """One file of an order: its name, its size in bytes, its SHA-256 where that was verified, and its content."""

    name: str
    size: int
    sha256: str
    pieces: Iterator[bytes]


def result(*, order_id: UUID, data_id: UUID, by: Actor, now: datetime) -> Result:
    """Give one result of an order to its holder's people.

    Raises
    ------
    UnableToSee, UnableToFindOrder
        When it is not for whoever asks, or not there.
    UnableToHandOut, UnableToMove, UnableToReachPlace, UnableToQuote
        When it lies elsewhere, was changed, is too large, or can't be read.
    """
    row = queries.order(order_id)
    rules.check_may_have(by, row.holder_id)
    found = queries.file_of(order_id, data_id)
    url = _lies_at(found, row)
    if not url:
        raise rules.not_here()
    content = staging().stager(found.centre_id, row.id, row.holder_id).content(url, now + rules.TIME_MAX)
    try:
        rules.check_size(content.size, found.size)
    except Refused:
        content.close()
        raise
    return Result(found.name, content.size, found.sha256 if found.state == DataState.DONE else "", content.pieces)


def handed_out(row: Order, files: Iterable[OrderData]) -> set[UUID]:
    """Say which of an order's files the platform can hand out; no statement. One that is gone by now says so then."""
    return {each.id for each in files if _lies_at(each, row)}


def _lies_at(each: OrderData, row: Order) -> str:
    if each.direction != Direction.OUT:
        return ""
    landing = ""
    if each.state == DataState.FAILED:
        with suppress(Refused):  # the operator names no places any more
            found = staging().landing(each.centre_id, row.id, Direction.OUT, each.name)
            landing = found.url if found else ""
    return rules.lies_at(each.state, each.url, landing)

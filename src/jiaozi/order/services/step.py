"""One step of an order's life: check it, store what changed, write the journal line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.kernel.refusal import Reason
from jiaozi.kernel.text import storable
from jiaozi.order.models import Order, OrderData
from jiaozi.order.rules import TRANSITIONS, State
from jiaozi.party.rules import Actor

REASON_CODE_MAX = 60
REASON_MAX = 400


def take(
    row: Order, verb: str, *, by: Actor, now: datetime, body: Mapping[str, Any], changed: tuple[str, ...] = ()
) -> None:
    """Move a locked order by a verb, with its journal line."""
    line = step(row, verb, by=by, now=now, body=body)
    row.save(update_fields=["state", "moved_at", *changed])
    journal.write(line)


def step(row: Order, verb: str, *, by: Actor, now: datetime, body: Mapping[str, Any]) -> Line:
    """Change a locked order's state by a verb and give the journal line; whoever asks stores both."""
    before = State(row.state)
    row.state = advance(TRANSITIONS, before, verb, by.role)
    row.moved_at = now
    return Line("order", verb, row.id, before, row.state, by.name, now, body)


def say(row: Order | OrderData, reason: Reason) -> tuple[str, ...]:
    """Put a reason on an order or a file of one, and name the fields that it takes."""
    row.reason_code = storable(reason.code, most=REASON_CODE_MAX)
    row.reason_zh, row.reason_en = (storable(text, most=REASON_MAX) for text in (reason.label.zh, reason.label.en))
    return ("reason_code", "reason_zh", "reason_en")


def unsay(row: Order) -> tuple[str, ...]:
    """Take the reason for waiting from an order that waits no more, and name the fields."""
    row.reason_code = row.reason_zh = row.reason_en = ""
    return ("reason_code", "reason_zh", "reason_en")

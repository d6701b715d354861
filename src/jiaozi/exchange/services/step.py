"""One step of a session's life with its journal line, and the locks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from jiaozi.exchange.models import Session
from jiaozi.exchange.rules.life import TRANSITIONS, SessionState
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.party.rules import Actor


def take(
    row: Session, verb: str, *, by: Actor, now: datetime, body: Mapping[str, Any], changed: tuple[str, ...]
) -> None:
    """Move a locked session by a verb, with its journal line."""
    before = SessionState(row.state)
    row.state = advance(TRANSITIONS, before, verb, by.role)
    row.save(update_fields=["state", *changed])
    journal.write(Line("exchange", verb, row.id, before, row.state, by.name, now, body))


def one_at_a_time(*names: str) -> None:
    """Let callers of the same name queue until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [chr(31).join(("exchange", *names))])

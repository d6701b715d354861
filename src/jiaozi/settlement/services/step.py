"""One step of a statement's life: check it, store what changed, write the journal line; and the locks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.party.rules import Actor, check_own_centre, check_own_programme
from jiaozi.settlement.models import Statement
from jiaozi.settlement.rules import TRANSITIONS, State


def take(
    row: Statement, verb: str, *, by: Actor, now: datetime, body: Mapping[str, Any], changed: tuple[str, ...] = ()
) -> None:
    """Move a locked statement by a verb, with its journal line."""
    check_own_centre(by, row.centre_id)
    check_own_programme(by, row.programme)
    before = State(row.state)
    row.state = advance(TRANSITIONS, before, verb, by.role)
    row.save(update_fields=["state", *changed])
    journal.write(Line("settlement", verb, row.id, before, row.state, by.name, now, body))


def one_at_a_time(*names: str) -> None:
    """Let callers of the same name queue until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [chr(31).join(("settlement", *names))])

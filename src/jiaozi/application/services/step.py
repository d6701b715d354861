"""One step of an application's life: check it, store what changed, write the journal line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jiaozi.application.models import Application
from jiaozi.application.rules import TRANSITIONS, State
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.party.rules import Actor, check_own_programme


def take(
    row: Application, verb: str, *, by: Actor, now: datetime, body: Mapping[str, Any], changed: tuple[str, ...] = ()
) -> None:
    """Move a locked application by a verb, with its journal line."""
    check_own_programme(by, row.programme)
    before = State(row.state)
    row.state = advance(TRANSITIONS, before, verb, by.role)
    row.save(update_fields=["state", *changed])
    journal.write(Line("application", verb, row.id, before, row.state, by.name, now, body))

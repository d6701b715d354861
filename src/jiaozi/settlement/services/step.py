"""One step of a statement's life: check it, store what changed, write the journal line; and the locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from jiaozi.alert import services as alert
from jiaozi.alert.rules import Subject, SubjectKind
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.party.rules import Actor, check_own_centre, check_own_programme
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries import reading as reads
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


def require_use_clear(statement_id: UUID, subjects: Iterable[Subject] = ()) -> None:
    """Ask whether an alert about these, or about the use behind a statement and the vouchers it was on, stands.

    A confirmed alert about a voucher is between the programme and its holder: the centre that delivered is paid, and
    what the holder must give back is recovered from the holder.

    Raises
    ------
    UnableToProceed
        Naming the alerts that an officer must resolve first.
    """
    use = [Subject(SubjectKind.USAGE, str(capture)) for capture in reads.capture_ids(statement_id)]
    vouchers = [Subject(SubjectKind.VOUCHER, str(voucher)) for voucher in reads.voucher_ids(statement_id)]
    alert.require_clear(subjects=[*subjects, *use], besides=vouchers)

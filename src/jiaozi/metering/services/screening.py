"""Screening use: records that occupied processors for long and hardly used them become alerts about their capture."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from jiaozi.alert import queries as alerts
from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import Load, Subject, SubjectKind, use_without_load
from jiaozi.metering import queries
from jiaozi.metering.services.spending import screen_spending
from jiaozi.party.rules import SYSTEM, Actor


def screen(*, programme: str, captures: Collection[UUID], now: datetime, by: Actor = SYSTEM) -> tuple[Alert, ...]:
    """Check the load behind captures and for whom they were made, and raise what is new; nothing is refused here.

    Only processor time is measured by the engines so far, so cards are not looked at.
    """
    parameters = alerts.parameters(programme)
    rows = queries.quiet_use(
        captures, elapsed_least_ms=parameters.load_least_ms, cpu_least_permille=parameters.cpu_least_permille
    )
    found = [
        suspicion
        for row in rows
        for suspicion in use_without_load(
            Load(
                subject=Subject(SubjectKind.USAGE, str(row.capture_id)),
                units=row.units,
                elapsed_ms=row.elapsed_ms,
                cpu_ms=row.cpu_ms,
                reference=f"{row.centre_id} {row.record_id}",
            ),
            parameters,
        )
    ]
    raised = alert.raise_all(programme=programme, suspicions=found, by=by, now=now)
    return (*raised, *screen_spending(programme=programme, captures=captures, by=by, now=now))

"""The journal as one programme may read it: the lines about its own things, and about what belongs to no programme."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Model, OuterRef, Q, Subquery
from django.db.models.lookups import Exact

from jiaozi.alert.models import Alert
from jiaozi.application.models import Application, Evidence
from jiaozi.exchange.models import CapacityDeclaration, Schedule, Seat, Session, TradeOrder, TraderMovement
from jiaozi.journal import queries as journal
from jiaozi.journal.models import JournalLine
from jiaozi.lease.models import Lease, LeaseJob
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order.models import Order
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.settlement.models import (
    Award,
    AwardStage,
    Clawback,
    ClawbackRecovery,
    ClosedYear,
    Disallowance,
    FundMovement,
    GrantPayment,
    Redemption,
    Statement,
)
from jiaozi.voucher.models import Voucher

NOBODYS = ("party", "catalogue")
"""Stages whose things belong to no programme: organisations and people, centres and prices."""
_OWN: tuple[tuple[type[Model], str], ...] = (
    (Order, "programme"),
    (Capture, "programme"),
    (Application, "programme"),
    (Voucher, "programme"),
    (UsageRow, "order__programme"),
    (UsageRow, "capture__programme"),
    (Evidence, "application__programme"),
    (Lease, "voucher__programme"),
    (LeaseJob, "lease__voucher__programme"),
    (ProgrammeVersion, "programme"),
    (Alert, "programme"),
    (Schedule, "programme"),
    (Session, "programme"),
    (TradeOrder, "session__programme"),
    (Seat, "programme"),
    (TraderMovement, "programme"),
    (CapacityDeclaration, "programme"),
    (Statement, "programme"),
    (Disallowance, "programme"),
    (FundMovement, "programme"),
    (Redemption, "programme"),
    (Award, "programme"),
    (AwardStage, "award__programme"),
    (GrantPayment, "programme"),
    (Clawback, "programme"),
    (ClawbackRecovery, "programme"),
    (ClosedYear, "programme"),
)
"""What lines are about, what most are about first, and where each says whose it is."""


def lines_for(
    programme: str,
    *,
    subject: UUID | None = None,
    stage: str = "",
    by: str = "",
    since: datetime | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[JournalLine]:
    """Give the latest lines that a programme may read, in one statement; an empty programme reads every one.

    Cost: a look-up by key a kind of thing for each line, from the latest on until enough are found.
    """
    within = _within(programme) if programme else None
    return journal.lines(subject=subject, stage=stage, by=by, since=since, after=after, within=within, limit=limit)


def _within(programme: str) -> Q:
    """Ask each thing for its programme, one after the other until one says it.

    Asked whether such a thing exists, the planner would hash the ids of all that a programme has, and do so first.
    """
    found = Q(stage__in=NOBODYS) | Q(body__programme=programme)
    for kind, path in _OWN:
        named = kind._default_manager.filter(id=OuterRef("subject")).values(path)  # noqa: SLF001
        found |= Q(Exact(Subquery(named), programme))
    return found

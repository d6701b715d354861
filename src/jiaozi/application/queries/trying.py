"""What if one figure of the policy were another: a year's dossiers decided again, none of them touched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Window

from jiaozi.application.models import Application
from jiaozi.application.rules import State
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.kernel.period import year as whole_year
from jiaozi.policy import queries as policy
from jiaozi.policy.rules.varying import Tried, tried, with_parameter

DOSSIERS_MAX = 300
"""So many are decided twice within a second; more of a year are left to the policy lab."""
SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class TriedDossier:
    """One dossier that the change makes a difference to."""

    application: UUID
    holder: str
    clause: str
    tried: Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a parameter with another value would make of a year's latest dossiers, each decided alone.

    ``gaining`` and ``losing`` count dossiers; ``dossiers`` those decided, of ``of`` in the year; ``shown`` the largest
    differences.
    """

    parameter: str
    value: str
    dossiers: int
    of: int
    before_fen: int
    after_fen: int
    gaining: int
    losing: int
    shown: tuple[TriedDossier, ...]

    @property
    def by_fen(self) -> int:
        """What the change would cost, or save."""
        return self.after_fen - self.before_fen


def what_if(*, programme: str, parameter: str, value: str, now: datetime) -> WhatIf:
    """Decide this year's latest dossiers as the version in force has it, and with one parameter changed.

    Cost: two statements, and two decisions a dossier.

    Raises
    ------
    UnableToVary
        When the parameter or its value can't be tried.
    UnableToFindProgramme
        When no version is in force.
    """
    today = local_date(now)
    version = policy.current(programme, today)
    before, after = policy.document(version.id), with_parameter(version.text, parameter, value)
    year = whole_year(today.year)
    rows = Application.objects.filter(
        programme=programme, submitted_at__gte=start_of_day(year.first), submitted_at__lt=start_of_day(year.end)
    ).exclude(state__in=[State.DRAFT, State.WITHDRAWN])
    counted = rows.annotate(whole=Window(Count("id"))).select_related("holder")
    latest = list(counted.order_by("-submitted_at", "-id")[:DOSSIERS_MAX])
    found = [
        TriedDossier(
            row.id,
            row.holder.name,
            row.clause,
            tried(before, after, row.clause, row.facts, local_date(row.submitted_at), allow_demo=version.demo),
        )
        for row in latest
        if row.clause in {clause.id for clause in before.programme.clauses}
    ]
    differing = sorted((each for each in found if each.tried.by_fen), key=lambda each: -abs(each.tried.by_fen))
    return WhatIf(
        parameter=parameter,
        value=value.strip(),
        dossiers=len(found),
        of=latest[0].whole if latest else 0,
        before_fen=sum(each.tried.before_fen for each in found),
        after_fen=sum(each.tried.after_fen for each in found),
        gaining=sum(each.tried.by_fen > 0 for each in found),
        losing=sum(each.tried.by_fen < 0 for each in found),
        shown=tuple(differing[:SHOWN_MAX]),
    )

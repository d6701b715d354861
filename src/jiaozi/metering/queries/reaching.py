"""Whose affair a usage record is: its order's programme's, or whose voucher paid it; otherwise its centre's suppliers'.

A record that names no order belongs to no programme until somebody says who pays. Whoever keeps to one programme sees
it where vouchers of that programme can be spent at the centre, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import UnableToDecide, order_terms


def supplied_by(programme: str, centre: str, on: date) -> bool:
    """Say whether a programme's vouchers can be spent at a centre on a day."""
    suppliers = _suppliers(programme, on)
    return suppliers is None or centre in suppliers


def _suppliers(programme: str, on: date) -> Collection[str] | None:
    """Give the centres at which a programme's vouchers can be spent on a day; None for every one."""
    try:
        version = policy.current(programme, on)
        terms = order_terms(policy.document(version.id), on, allow_demo=version.demo)
    except (policy.UnableToFindProgramme, UnableToDecide):
        return ()
    return None if terms.any_supplier else terms.suppliers


def within(rows: QuerySet[UsageRow], programme: str, on: date) -> QuerySet[UsageRow]:
    """Narrow usage to a programme's affairs; an empty programme is every one."""
    if not programme:
        return rows
    own = Q(order__programme=programme) | Q(capture__programme=programme)
    suppliers, nobodys = _suppliers(programme, on), Q(order=None, capture=None)
    own |= nobodys if suppliers is None else nobodys & Q(centre_id__in=list(suppliers))
    return rows.filter(own)


def disputes_within(rows: QuerySet[UsageDispute], programme: str, on: date) -> QuerySet[UsageDispute]:
    """Narrow disputes to those over a programme's affairs."""
    if not programme:
        return rows
    same = UsageRow.objects.filter(centre_id=OuterRef("centre_id"), record_id=OuterRef("record_id"))
    return rows.filter(Exists(within(same, programme, on)))

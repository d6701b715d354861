"""Reading the vouchers that are about to end and whose holders were not told yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from jiaozi.kernel.refusal import Refused
from jiaozi.notice.models import Reminder
from jiaozi.notice.rules.expiring import FAR_DAYS, NEAR_DAYS, reminder_due
from jiaozi.policy import queries as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules import order_terms
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.rules import State, last_day

AT_ONCE = 200
VERSIONS_MAX = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """A voucher whose holder is to be told, which telling it is, its last day and what is left of it."""

    voucher: Voucher
    days: int
    last_day: date
    left_fen: int


def programme_ends(today: date) -> dict[UUID, date]:
    """Give the versions with live vouchers whose programme ends the validity of all of them, and that day."""
    versions = ProgrammeVersion.objects.filter(id__in=Voucher.objects.filter(state=State.ACTIVE).values("version_id"))
    found = {}
    for version in versions.only("id", "demo").order_by("id")[:VERSIONS_MAX]:
        try:
            end = order_terms(policy.document(version.id), today, allow_demo=version.demo).valid_until
        except Refused:  # a parameter is not published: then no voucher can be spent at all
            continue
        if end is not None:
            found[version.id] = end
    return found


def ending(today: date, ends: dict[UUID, date], after: UUID | None) -> tuple[list[Ending], UUID | None]:
    """Give the next vouchers to be told of from after an id, and the last id that was looked at; None at the end.

    Two statements. A voucher without a balance is left out: nothing of it would be lost.
    """
    far, near = (today + timedelta(days=days) for days in (FAR_DAYS, NEAR_DAYS))
    told = {days: Exists(Reminder.objects.filter(voucher=OuterRef("id"), days=days)) for days in (FAR_DAYS, NEAR_DAYS)}
    rows = Voucher.objects.filter(state=State.ACTIVE, valid_until__gte=today)
    rows = rows.filter(Q(valid_until__lte=far) | Q(version_id__in=[id_ for id_, end in ends.items() if end <= far]))
    later = Q(valid_until__gt=near) & ~Q(version_id__in=[id_ for id_, end in ends.items() if end <= near])
    rows = rows.exclude(told[NEAR_DAYS]).exclude(later & Q(told[FAR_DAYS]))
    if after is not None:
        rows = rows.filter(id__gt=after)
    looked_at = list(rows.order_by("id")[:AT_ONCE])
    found = []
    for purse in vouchers.with_balances(looked_at):
        end = last_day(purse.voucher.valid_until, ends.get(purse.voucher.version_id))
        days = reminder_due(end, today)
        if days is not None and purse.spendable_fen > 0:
            found.append(Ending(purse.voucher, days, end, purse.spendable_fen))
    return found, looked_at[-1].id if len(looked_at) == AT_ONCE else None

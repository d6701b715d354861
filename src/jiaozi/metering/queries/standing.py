"""What of a centre's usage nobody has charged yet, and what of one import came to stand still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Min, Q

from jiaozi.metering.models import Capture, Ruling, UsageCursor, UsageDispute, UsageRow
from jiaozi.metering.queries.reaching import disputes_within, within
from jiaozi.metering.rules import UsageState

CAPTURES_SHOWN = 500
RULINGS_MAX = 50


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """How much usage waits for its order's end, stands still or is disputed, and since when the oldest does."""

    received: int
    held_back: int
    disputes: int
    oldest_at: datetime | None

    @property
    def standing(self) -> int:
        """What somebody must decide about."""
        return self.held_back + self.disputes


def unconfirmed(centre: str | None = None, *, programme: str = "", on: date | None = None) -> Unconfirmed:
    """Count a centre's uncharged usage, or everybody's, of one programme where asked: two counting statements."""
    records = UsageRow.objects.exclude(state=UsageState.CAPTURED).filter(
        state__in=[UsageState.RECEIVED, UsageState.HELD_BACK]
    )
    contested = UsageDispute.objects.filter(resolved_at=None)
    if centre is not None:
        records, contested = records.filter(centre_id=centre), contested.filter(centre_id=centre)
    if programme and on:
        records, contested = within(records, programme, on), disputes_within(contested, programme, on)
    held = Q(state=UsageState.HELD_BACK)
    counted = records.aggregate(
        received=Count("id", filter=~held), held=Count("id", filter=held), oldest=Min("received_at")
    )
    apart = contested.aggregate(count=Count("id"), oldest=Min("received_at"))
    since = [at for at in (counted["oldest"], apart["oldest"]) if at is not None]
    return Unconfirmed(counted["received"], counted["held"], apart["count"], min(since, default=None))


def held_back_at(centre: str, at: datetime, *, limit: int = 100) -> list[UsageRow]:
    """Give what was received at one instant, an import's, and is held back still, in order of its record."""
    rows = UsageRow.objects.exclude(state=UsageState.CAPTURED)
    rows = rows.filter(centre_id=centre, received_at=at, state=UsageState.HELD_BACK)
    return list(rows.order_by("record_id")[:limit])


def disputed_at(centre: str, at: datetime, *, limit: int = 100) -> list[UsageDispute]:
    """Give the disputes that were received at one instant, an import's."""
    rows = UsageDispute.objects.filter(centre_id=centre, received_at=at)
    return list(rows.order_by("record_id")[:limit])


def latest_captures(centre: str, *, programme: str = "") -> list[UUID]:
    """Give a centre's latest captures, of one programme where it is named."""
    rows = Capture.objects.filter(centre_id=centre).order_by("-captured_at", "-id")
    rows = rows.filter(programme=programme) if programme else rows
    return list(rows.values_list("id", flat=True)[:CAPTURES_SHOWN])


def rulings(*, usage: UUID | None = None, dispute: UUID | None = None) -> list[Ruling]:
    """Give what was decided about a record or a dispute, oldest first."""
    rows = Ruling.objects.filter(usage_id=usage) if usage else Ruling.objects.filter(dispute_id=dispute)
    return list(rows.order_by("at", "id")[:RULINGS_MAX])


def read_at(centre: str) -> datetime | None:
    """Say when the centre's engine was last read and had something new to tell; None where it never had."""
    return UsageCursor.objects.filter(centre_id=centre).values_list("moved_at", flat=True).first()

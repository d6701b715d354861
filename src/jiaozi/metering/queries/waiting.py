"""Reading usage that waits for a ruling: held back, under dispute, and the orders that stand still for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.metering.queries.intake import ROWS_MAX
from jiaozi.metering.queries.reaching import disputes_within, within
from jiaozi.metering.rules import UsageState
from jiaozi.metering.rules.ruling import dispute_name
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.voucher.models import number_of


class UnableToFindUsage(Refused):
    """No usage record, or no dispute, has this id."""


def usage(usage_id: UUID, *, lock: bool = False) -> UsageRow:
    """Give one usage record, locked for a change where asked.

    Raises
    ------
    UnableToFindUsage
        When there is none.
    """
    rows = UsageRow.objects.all()
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=usage_id).first()
    if found is None:
        raise UnableToFindUsage(
            "NO_SUCH_USAGE", f"没有用量记录{usage_id}", f"no usage record {usage_id}", field="usage"
        )
    return found


def dispute(dispute_id: UUID, *, lock: bool = False) -> UsageDispute:
    """Give one dispute, locked for a change where asked.

    Raises
    ------
    UnableToFindUsage
        When there is none.
    """
    rows = UsageDispute.objects.all()
    if lock:
        rows = rows.select_for_update(no_key=True)
    found = rows.filter(id=dispute_id).first()
    if found is None:
        raise UnableToFindUsage(
            "NO_SUCH_DISPUTE", f"没有用量争议{dispute_id}", f"no usage dispute {dispute_id}", field="dispute"
        )
    return found


def under_dispute(row: UsageDispute) -> UsageRow:
    """Give the record that stands for a disputed key now: the first, or the last that an earlier ruling put for it."""
    others = UsageDispute.objects.filter(centre_id=row.centre_id, record_id=row.record_id).values_list("id", flat=True)
    names = [row.record_id, *(dispute_name(id_) for id_ in others[:ROWS_MAX])]
    found = UsageRow.objects.filter(centre_id=row.centre_id, record_id__in=names)
    return found.order_by("-received_at", "-id")[:1].get()


def in_dispute(order_id: UUID) -> bool:
    """Say whether a dispute over any of an order's records is open."""
    return _in_dispute().filter(order_id=order_id).exists()


def _in_dispute() -> QuerySet[UsageRow]:
    """Give the records that have an open dispute, and the rows that stand for them after an earlier one."""
    still = UsageDispute.objects.filter(centre_id=OuterRef("centre_id"), resolved_at=None)
    named = Exists(still.filter(record_id=OuterRef("record_id")))
    return UsageRow.objects.filter(named | Exists(still.filter(record_id=OuterRef("supersedes__record_id"))))


def disputes(
    centre: str | None,
    *,
    programme: str = "",
    on: date | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[UsageDispute]:
    """Give the disputes that nobody has resolved, of a centre or of all, latest first; a programme's where asked."""
    rows = UsageDispute.objects.filter(resolved_at=None).select_related("centre")
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    if programme and on:
        rows = disputes_within(rows, programme, on)
    if after is not None:
        rows = rows.filter(received_at__lte=after[0]).exclude(received_at=after[0], id__gte=after[1])
    return list(rows.order_by("-received_at", "-id")[: min(limit, ROWS_MAX)])


def held_back(
    centre: str | None,
    *,
    programme: str = "",
    on: date | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[UsageRow]:
    """Give the usage that is not charged, of a centre or of all, latest first; of one programme's where asked."""
    rows = UsageRow.objects.filter(state=UsageState.HELD_BACK).exclude(state=UsageState.CAPTURED)
    rows = rows.select_related("order", "centre").defer("order__files")
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    if programme and on:
        rows = within(rows, programme, on)
    if after is not None:
        rows = rows.filter(received_at__lte=after[0]).exclude(received_at=after[0], id__gte=after[1])
    return list(rows.order_by("-received_at", "-id")[: min(limit, ROWS_MAX)])


@dataclass(frozen=True, slots=True)
class Stuck:
    """An ended order that can't be captured: records of it are held back or under dispute, or none came."""

    order_id: UUID
    ended_at: datetime | None
    most_fen: int
    held_back: int
    centre: str = ""
    disputed: bool = False

    @property
    def number(self) -> str:
        """The order's number on screen."""
        return number_of(self.order_id)

    @property
    def held_yuan(self) -> str:
        """What its hold keeps from being spent."""
        return yuan(self.most_fen)


def stuck(centre: str | None, *, programme: str = "", limit: int = 100) -> list[Stuck]:
    """Give ended orders, of a centre or of all, that wait for their usage or for a ruling, the longest first."""
    ended = Order.objects.filter(state=State.ENDED)
    if programme:
        ended = ended.filter(programme=programme)
    if centre is not None:
        ended = ended.filter(centre_id=centre)
    rows = ended.annotate(
        back=Count("usage", filter=Q(usage__state=UsageState.HELD_BACK)),
        open=Count("usage", filter=Q(usage__state=UsageState.RECEIVED)),
    )
    disputed = Exists(_in_dispute().filter(order_id=OuterRef("id")))
    found = rows.annotate(contested=disputed).filter(~Q(back=0, open__gt=0) | Q(contested=True))
    values = found.order_by("ended_at", "id").values_list(
        "id", "ended_at", "most_fen", "back", "centre_id", "contested"
    )
    return [Stuck(*each) for each in values[: min(limit, ROWS_MAX)]]

"""Reading what of an order's usage counts, and what was charged for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Q, Sum

from jiaozi.metering.models import Capture, UsageRow
from jiaozi.metering.queries.intake import ROWS_MAX
from jiaozi.metering.rules import UsageState
from jiaozi.order.models import Order
from jiaozi.order.rules import State

ORDERS_MAX = 5_000
RECORDS_PER_ORDER_MAX = 10_000


def ended_orders(centre: str) -> list[UUID]:
    """Give the orders of a centre whose jobs are over and that are not captured yet."""
    rows = Order.objects.filter(centre_id=centre, state=State.ENDED).order_by("id")
    return list(rows.values_list("id", flat=True)[:ORDERS_MAX])


def ended_among(centre: str, order_ids: Collection[UUID]) -> list[UUID]:
    """Give those of some orders that are at a centre and whose jobs are over, in order of id."""
    rows = Order.objects.filter(centre_id=centre, id__in=list(order_ids), state=State.ENDED)
    return list(rows.order_by("id").values_list("id", flat=True))


def with_open_usage(order_ids: Iterable[UUID]) -> set[UUID]:
    """Give those of some orders that have usage to be captured."""
    rows = UsageRow.objects.filter(order_id__in=list(order_ids), state=UsageState.RECEIVED)
    return set(rows.values_list("order_id", flat=True))


def usage_of(order_id: UUID, *, lock: bool = False) -> list[UsageRow]:
    """Give an order's usage records, locked for a change where asked; one more than allowed shows that there are."""
    rows = UsageRow.objects.filter(order_id=order_id).order_by("record_id")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return list(rows[: RECORDS_PER_ORDER_MAX + 1])


def counting(order_id: UUID, *, lock: bool = False) -> list[UsageRow]:
    """Give what of an order's usage counts, or may: all but what was waived, and what another record supersedes."""
    rows = usage_of(order_id, lock=lock)
    superseded = {row.supersedes_id for row in rows if row.state == UsageState.CAPTURED}
    return [row for row in rows if row.state != UsageState.WAIVED and row.id not in superseded]


def capture_of(order_id: UUID) -> Capture | None:
    """Give the capture that resolved an order's hold, or None; what was charged afterwards is in ``corrections``."""
    return Capture.objects.filter(order_id=order_id).first()


def corrections(order_id: UUID) -> list[Capture]:
    """Give what was charged for an order after its hold was resolved, in order of id."""
    return list(Capture.objects.filter(corrects_id=order_id).order_by("id")[:ROWS_MAX])


def charged(order_id: UUID) -> tuple[int, int]:
    """Give what was charged for an order in all, by the voucher's share and the holder's own."""
    rows = Capture.objects.filter(Q(order_id=order_id) | Q(corrects_id=order_id))
    found = rows.aggregate(voucher=Sum("voucher_fen"), own=Sum("own_fen"))
    return found["voucher"] or 0, found["own"] or 0

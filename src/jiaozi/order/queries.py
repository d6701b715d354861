"""Reading orders: one, a list, those that an engine works on."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.order.models import Order
from jiaozi.order.rules import ON_ENGINE, State

ROWS_MAX = 500
WATCHED_MAX = 5_000
SUBMITTED_MAX = 1_000
_TO_SUBMIT = (State.HELD, State.SUBMITTED)


class UnableToFindOrder(Refused):
    """No order has this id."""


def order(id: UUID, *, lock: bool = False) -> Order:  # noqa: A002 - the column's own name
    """Give one order with holder, voucher, centre and tariff, locked for a change where asked.

    Raises
    ------
    UnableToFindOrder
        When there is none.
    """
    rows = Order.objects.select_related("holder", "voucher", "centre", "tariff", "resource_class")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindOrder("NO_SUCH_ORDER", f"没有订单{id}", f"no order {id}", field="order")
    return found


def orders(
    *, programme: str, voucher: UUID | None = None, states: Iterable[State] = (), limit: int = 100
) -> list[Order]:
    """Give the latest orders with holder, centre and class, in one statement."""
    rows = Order.objects.filter(programme=programme).select_related("holder", "centre", "resource_class", "voucher")
    if voucher is not None:
        rows = rows.filter(voucher_id=voucher)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    return list(rows.order_by("-quoted_at", "-id")[: min(limit, ROWS_MAX)])


def own_credit(reference: UUID) -> tuple[UUID, int] | None:
    """Give what was recorded as a holder's own money under a reference: its account and the amount in fen."""
    rows = LedgerTransfer.objects.filter(id=named_id("own", reference))
    return rows.values_list("credit_id", "amount_fen").first()


def on_engine(centre: str) -> list[UUID]:
    """Give the orders that a centre's engine may know, oldest first."""
    rows = Order.objects.filter(centre_id=centre, state__in=ON_ENGINE).order_by("id")
    return list(rows.values_list("id", flat=True)[:WATCHED_MAX])


def to_be_cancelled(centre: str) -> list[UUID]:
    """Give the orders on a centre's engine whose cancel was asked for."""
    rows = Order.objects.filter(centre_id=centre, state__in=ON_ENGINE, cancel_asked=True).exclude(engine_job="")
    return list(rows.order_by("id").values_list("id", flat=True)[:WATCHED_MAX])


def waiting_for_submit(centre: str, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give a centre's funded orders that no engine has taken yet, oldest first."""
    rows = Order.objects.filter(centre_id=centre, state__in=_TO_SUBMIT, engine_job="").order_by("id")
    return list(rows.values_list("id", flat=True)[:limit])


def centres_to_submit_to() -> list[str]:
    """Give the centres for which funded orders wait to be handed over."""
    rows = Order.objects.filter(state__in=_TO_SUBMIT, engine_job="").order_by("centre_id")
    return list(rows.values_list("centre_id", flat=True).distinct()[:ROWS_MAX])


def centres_at_work() -> list[str]:
    """Give the centres that have orders on their engine."""
    rows = Order.objects.filter(state__in=ON_ENGINE).order_by("centre_id").values_list("centre_id", flat=True)
    return list(rows.distinct()[:ROWS_MAX])


def captured(order_ids: Iterable[UUID]) -> list[Order]:
    """Give those of some orders that are captured and not settled, locked for a change, in id order."""
    rows = Order.objects.select_for_update(no_key=True).filter(id__in=list(order_ids), state=State.CAPTURED)
    return list(rows.order_by("id"))

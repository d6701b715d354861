"""Reading orders: one, a list, what a voucher gave; never with their files, which may be megabytes each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.queries import Finding
from jiaozi.order.models import Order
from jiaozi.order.rules import TAKING, State
from jiaozi.order.rules.quota import ENDED
from jiaozi.voucher.models import number_of

ROWS_MAX = 500
FINDINGS_MAX = 100
_SQL = Path(__file__).resolve().parent.parent / "sql"
_QUOTAS_TO_END = (_SQL / "quotas_to_end.sql").read_text(encoding="utf-8")
_AUDIT = (_SQL / "audit.sql").read_text(encoding="utf-8")
_LISTED = (_SQL / "listed.sql").read_text(encoding="utf-8")


class UnableToFindOrder(Refused):
    """No order has this id."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a list says of a holder, or of a centre or class: its name, or the one in each language."""

    name: str = ""
    name_zh: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list shows of an order, by the order's own names."""

    id: UUID
    programme: str
    holder_id: UUID
    centre_id: str
    title: str
    units: int
    quoted_at: datetime
    state: str
    most_fen: int
    price_fen: int | None
    voucher_fen: int | None
    own_fen: int | None
    reason_code: str
    reason_zh: str
    reason_en: str
    holder: Named
    centre: Named
    resource_class: Named

    @property
    def number(self) -> str:
        """The number that people read."""
        return number_of(self.id)


def order(id: UUID, *, lock: bool = False) -> Order:  # noqa: A002 - the column's own name
    """Give one order with holder, voucher, centre and tariff, locked for a change where asked.

    Raises
    ------
    UnableToFindOrder
        When there is none.
    """
    rows = Order.objects.select_related("holder", "voucher", "centre", "tariff", "resource_class", "session").defer(
        "files"
    )
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindOrder("NO_SUCH_ORDER", f"没有订单{id}", f"no order {id}", field="order")
    return found


def orders(
    *,
    programme: str,
    voucher: UUID | None = None,
    holder: UUID | None = None,
    centre: str | None = None,
    states: Iterable[State] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Order]:
    """Give the latest orders, from after an instant and id, with holder, centre and class, in one statement."""
    rows = Order.objects.filter(programme=programme).defer("files")
    rows = rows.select_related("holder", "centre", "resource_class", "voucher", "session")
    if voucher is not None:
        rows = rows.filter(voucher_id=voucher)
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if after is not None:
        rows = rows.filter(quoted_at__lte=after[0]).exclude(quoted_at=after[0], id__gte=after[1])
    return list(rows.order_by("-quoted_at", "-id")[: min(limit, ROWS_MAX)])


_OWN = tuple(field.name for field in fields(Listed) if field.type != "Named")


def listed(*, programme: str, holder: UUID, limit: int = 100) -> list[Listed]:
    """Give a holder's latest orders as a list shows them, in one statement.

    By hand, since this is on the page that is opened most: an order has seventy columns, and to name them all with
    those of five tables costs more than to read them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, {"programme": programme, "holder": holder, "most": min(limit, ROWS_MAX)})
        return [_listed(row) for row in cursor.fetchall()]


def _listed(row: tuple[Any, ...]) -> Listed:
    *own, holder, centre_zh, centre_en, kind_zh, kind_en = row
    return Listed(
        **dict(zip(_OWN, own, strict=True)),
        holder=Named(holder),
        centre=Named("", centre_zh, centre_en),
        resource_class=Named("", kind_zh, kind_en),
    )


def taking(voucher_id: UUID, *, besides: UUID | None = None) -> Order | None:
    """Give an order that has taken something of a voucher, besides one; None where there is none."""
    rows = Order.objects.filter(voucher_id=voucher_id, state__in=TAKING).defer("files")
    if besides is not None:
        rows = rows.exclude(id=besides)
    return rows.order_by("id").first()


def quotas_to_end(*, limit: int = 1_000) -> list[UUID]:
    """Give the vouchers that have ended and whose quota in kind has units left; oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_QUOTAS_TO_END, {"ended": [str(state) for state in ENDED], "limit": limit})
        return [id_ for (id_,) in cursor.fetchall()]


def captured(order_ids: Iterable[UUID]) -> list[Order]:
    """Give those of some orders that are captured and not settled, locked for a change, in id order."""
    rows = (
        Order.objects.defer("files").select_for_update(no_key=True).filter(id__in=list(order_ids), state=State.CAPTURED)
    )
    return list(rows.order_by("id"))


def audit() -> list[Finding]:
    """Check that the ledger holds for every order what it says while it is under way, and nothing afterwards.

    Cost: one pass over orders and one over the ledger's holds.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AUDIT, {"limit": FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]

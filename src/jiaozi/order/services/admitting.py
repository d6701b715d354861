"""An order that its centre admitted on its own, under money that was set aside for it before: stored as handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.order.models import Order
from jiaozi.order.rules import Quote, Request, State
from jiaozi.order.services.funding import submit_later
from jiaozi.party.rules import SYSTEM
from jiaozi.voucher.models import Voucher


def admitted(
    *,
    order_id: UUID,
    voucher: Voucher,
    request: Request,
    title: str,
    files: Mapping[str, str],
    priced: Quote,
    tariff: UUID,
    share: Fraction,
    engine_ms: tuple[int, int],
    cap_keys: Sequence[str],
    under: UUID,
    at: datetime,
    now: datetime,
) -> Order:
    """Store an order that began at its centre at an instant; the caller posts its holds last in the same transaction.

    ``engine_ms`` is the engine's granularity and kill lag that the price covers, ``under`` what it was admitted under.
    """
    row = Order.objects.create(
        id=order_id,
        programme=voucher.programme,
        holder_id=voucher.holder_id,
        voucher=voucher,
        centre_id=request.centre,
        resource_class_id=request.resource_class,
        tariff_id=tariff,
        title=title,
        units=request.units,
        memory_mib=request.memory_mib,
        time_limit_ms=request.time_limit_ms,
        engine_granularity_ms=engine_ms[0],
        kill_lag_ms=engine_ms[1],
        command=list(request.command),
        files=dict(files),
        share_numerator=share.numerator,
        share_denominator=share.denominator,
        most_fen=priced.most_fen,
        voucher_hold_fen=priced.voucher_fen,
        own_hold_fen=priced.own_fen,
        cap_keys=list(cap_keys),
        pinned=True,
        state=State.SUBMITTED,
        quoted_at=at,
        expires_at=at,
        moved_at=now,
    )
    body = {
        "admitted_at": at.isoformat(),
        "centre": request.centre,
        "most_fen": priced.most_fen,
        "under": str(under),
        "voucher": str(voucher.id),
        "voucher_fen": priced.voucher_fen,
    }
    journal.write(Line("order", "admit", row.id, "", row.state, SYSTEM.name, now, body))
    submit_later(row)  # the engine knows the job: asking it again gives the job's number
    return row

"""Seeing to a voucher's leases: opened, filled up, prolonged and asked back as the rules say, by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre
from jiaozi.kernel.refusal import Refused
from jiaozi.lease import queries, rules
from jiaozi.lease.models import Lease, LeaseAllowance
from jiaozi.lease.rules import Bounds, Standing, State, Step
from jiaozi.lease.services.ending import recall, write_off
from jiaozi.lease.services.granting import grant, latest_letter
from jiaozi.lease.services.keeping import keeper_of, keepers
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.party.rules import SYSTEM
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.rules import UnableToSpend

_log = structlog.get_logger(__name__)

ANSWERS_WITHIN = timedelta(minutes=5)
"""A centre that was not heard of for so long gets nothing more."""
SHORT_FOR = timedelta(hours=1)
"""After an order by way of the platform found too little, so long nothing is set aside."""


def bounds() -> Bounds:
    """Give what the operator set."""
    return Bounds(**settings.JIAOZI_LEASES)


def tend_all(*, now: datetime) -> int:
    """See to the leases of the vouchers that waited longest, and take back what is overdue; gives how many vouchers.

    What goes wrong with one voucher is its own: it is logged, and the others go on.
    """
    if bounds().auto_return:
        for lease_id in queries.due(now):
            with order.order_apart(lease_id):
                write_off(lease_id=lease_id, by=SYSTEM, now=now)
    waiting = queries.to_tend()
    able = {centre.id: centre for centre in keepers(catalogue.centres(connected=True))} if waiting else {}
    for voucher_id in waiting:
        try:
            tend(voucher_id=voucher_id, now=now, able=able)
        except Exception:  # noqa: BLE001 - what one voucher brings must not stop the others; it is logged whole
            _log.exception("voucher's leases left for the next turn", voucher=str(voucher_id))
    return len(waiting)


def tend(*, voucher_id: UUID, now: datetime, able: dict[str, Centre] | None = None) -> None:
    """See to one voucher's leases at the centres that can keep one."""
    allowance = queries.allowance(voucher_id)
    if allowance is None:
        return
    if able is None:
        able = {centre.id: centre for centre in keepers(catalogue.centres(connected=True))}
    live = queries.live(voucher_id)
    wanted = _wanted(allowance, live, able, now)
    standing = {row.centre_id: row for row in live if row.state == State.OPEN}
    for centre in sorted({*wanted, *standing}):
        with order.centre_apart(centre):
            _tend_at(allowance, able.get(centre), standing.get(centre), wanted.get(centre, 0), now)
    for row in live:
        keeper = keeper_of(row.centre) if row.state == State.RECALLED else None
        if keeper is not None:
            keeper.recall_lease(row.id)
    LeaseAllowance.objects.filter(voucher_id=voucher_id).update(tended_at=now)


def _wanted(allowance: LeaseAllowance, live: list[Lease], able: dict[str, Centre], now: datetime) -> dict[str, int]:
    """Give the sizes of a voucher's leases; nothing where none may be, or the holder needs the money elsewhere."""
    if allowance.ended_at is not None or queries.ran_short(allowance.voucher_id, now - SHORT_FOR):
        return {}
    voucher, limits = vouchers.voucher(allowance.voucher_id), bounds()
    if orders.has_limit(voucher.holder_id, allowance.by):  # set since: what centres spend would count for nobody
        return {}
    try:
        terms = order.spendable_terms(voucher, now)
    except UnableToSpend:
        return {}
    used = queries.used_fen(voucher.id, now - limits.recent)
    centres = able if terms.any_supplier else [each for each in able if each in terms.suppliers]
    left_fen = vouchers.spendable_fen(voucher) + sum(row.voucher_fen for row in live)
    fresh = now - allowance.allowed_at < limits.recent
    return rules.sizes(left_fen, {each: used.get(each, 0) for each in centres}, limits, fresh=fresh)


def _tend_at(
    allowance: LeaseAllowance, centre: Centre | None, lease: Lease | None, wanted_fen: int, now: datetime
) -> None:
    keeper = keeper_of(centre) if centre is not None else None
    memory = keeper.lease_memory() if keeper is not None else ""
    heard = keeper.lease_heard_at() if keeper is not None else None
    remembered = lease is not None and (keeper is None or lease.memory == memory)
    standing = (
        None if lease is None else Standing(left_fen=lease.voucher_fen, ends_at=lease.ends_at, remembered=remembered)
    )
    answers = bool(memory) and heard is not None and now - heard < ANSWERS_WITHIN
    step = rules.next_step(standing, wanted_fen, bounds(), now, answers=answers)
    if step is Step.RECALL and lease is not None:
        lease = recall(lease_id=lease.id, why="OVER" if now >= lease.ends_at else "NOT_WANTED", now=now)
    elif step in {Step.OPEN, Step.GRANT} and centre is not None:
        lease = _granted(allowance, centre, memory, wanted_fen, now) or lease
    if keeper is None or lease is None:
        return
    letter = latest_letter(lease)
    if lease.state == State.OPEN and letter is not None and lease.memory == memory:
        keeper.grant_lease(letter.to_json())
    elif lease.state == State.RECALLED:
        keeper.recall_lease(lease.id)


def _granted(allowance: LeaseAllowance, centre: Centre, memory: str, wanted_fen: int, now: datetime) -> Lease | None:
    try:
        return grant(allowance=allowance, centre=centre, memory=memory, wanted_fen=wanted_fen, bounds=bounds(), now=now)
    except Refused as refused:  # the voucher was frozen or ended meanwhile: the next turn asks the lease back
        _log.info("nothing set aside", voucher=str(allowance.voucher_id), centre=centre.id, reason=str(refused))
        return None

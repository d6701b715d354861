"""What people decide about usage that stands still: rate it again, accept it in spite of a doubt, or waive it.

Orders are locked before their usage, as capture and intake do.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.metering import queries, rules
from jiaozi.metering.models import Ruling, UsageDispute, UsageRow
from jiaozi.metering.rules import RulingVerb, UsageState, ruling
from jiaozi.metering.rules.entry import BY_VOUCHER
from jiaozi.metering.rules.reasons import waived
from jiaozi.metering.rules.words import check_text
from jiaozi.metering.services.capturing import FATE, capture, say
from jiaozi.metering.services.reaching import check_reach
from jiaozi.metering.services.reimporting import rate_import
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.order.rules import State
from jiaozi.party.rules import Actor, check_own_programme


def retry_usage(
    *, usage_id: UUID, reason: str, by: Actor, now: datetime, voucher_id: UUID | None = None
) -> UsageRow:  # fmt: skip
    """Rate held-back usage again on what holds now: it is captured when its order has ended, or held back anew.

    Imported usage has no order: ``voucher_id`` says who pays, and it is captured at once or not at all.

    Raises
    ------
    UnableToRule
        When it is not held back, or the person may not; a centre names no voucher.
    UnableToActForProgramme
        When the order or the voucher is another programme's.
    """
    reason = check_text(reason, "reason")
    with transaction.atomic():
        row = locked(usage_id, RulingVerb.RETRY, by, now)
        before = row.reason_code
        if row.source in BY_VOUCHER:
            ruling.check_payer_named(by)
            if voucher_id is None:
                raise ruling.name_voucher()
            rate_import(row, voucher_id, by, now)
        else:
            judge(row, by, now)
        told(RulingVerb.RETRY, reason, by, now, usage=row, body={"before": before, "after": row.reason_code})
        _capture_complete(row, now)
    row.refresh_from_db()
    return row


def accept_usage(*, usage_id: UUID, reason: str, by: Actor, now: datetime) -> UsageRow:
    """Let usage count although it does not look like what was ordered; the order's hold still bounds what it costs.

    Raises
    ------
    UnableToRule
        When it is held back for another reason than a doubt, or the person may not.
    """
    reason = check_text(reason, "reason")
    with transaction.atomic():
        row = locked(usage_id, RulingVerb.ACCEPT, by, now)
        ruling.check_doubt(row.reason_code)
        before = row.reason_code
        judge(row, by, now, accepted=True)
        told(RulingVerb.ACCEPT, reason, by, now, usage=row, body={"before": before, "after": row.reason_code})
        _capture_complete(row, now)
    row.refresh_from_db()
    return row


def waive_usage(
    *, reason: str, by: Actor, now: datetime, usage_id: UUID | None = None, order_id: UUID | None = None
) -> None:  # fmt: skip
    """Decide that nobody pays one held-back record, or an ended order whose usage never came or can't be charged.

    The centre bears it. When nothing of an ended order is left to be charged, its hold is released.

    Raises
    ------
    UnableToRule
        When there is nothing to waive, or the person may not.
    """
    reason = check_text(reason, "reason")
    if (usage_id is None) == (order_id is None):
        raise ValueError("name the usage or the order, and not both")
    with transaction.atomic():
        if usage_id is not None:
            _waive_one(usage_id, reason, by, now)
        elif order_id is not None:
            _waive_order(order_id, reason, by, now)


def _waive_one(usage_id: UUID, reason: str, by: Actor, now: datetime) -> None:
    row = locked(usage_id, RulingVerb.WAIVE, by, now)
    before = row.reason_code
    say(row, UsageState.WAIVED, waived())
    row.save(update_fields=FATE)
    told(RulingVerb.WAIVE, reason, by, now, usage=row, body={"before": before})
    if row.order_id is None:
        return
    _capture_complete(row, now)
    held = orders.order(row.order_id, lock=True)
    if held.state == State.ENDED and not queries.counting(held.id):
        order.nothing_used(held, now=now)


def _waive_order(order_id: UUID, reason: str, by: Actor, now: datetime) -> None:
    row = orders.order(order_id, lock=True)
    ruling.check_ruler(RulingVerb.WAIVE, by, row.centre_id)
    check_own_programme(by, row.programme)
    usage = queries.counting(order_id, lock=True)
    ruling.check_waivable(State(row.state), [each.state for each in usage])
    for each in usage:
        say(each, UsageState.WAIVED, waived())
    UsageRow.objects.bulk_update(usage, FATE)
    told(RulingVerb.WAIVE, reason, by, now, order=row, body={"records": len(usage), "released_fen": row.most_fen})
    order.nothing_used(row, now=now)


def locked(usage_id: UUID, verb: RulingVerb, by: Actor, now: datetime) -> UsageRow:
    """Lock a held-back record, its order first, for somebody who may decide on it."""
    found = queries.usage(usage_id)
    ruling.check_ruler(verb, by, found.centre_id)
    check_reach(found, by, now, lock=True)
    row = queries.usage(usage_id, lock=True)
    ruling.check_held_back(row.state)
    return row


def judge(row: UsageRow, by: Actor, now: datetime, *, accepted: bool = False) -> None:
    """Judge a stored record like one that comes in now; ``accepted`` overrules what is only a doubt."""
    if row.order_id is None:
        row.order_id = _order_of(row)
        if row.order_id is not None:
            check_own_programme(by, orders.order(row.order_id).programme)
    reason = _reason(row, now)
    if accepted and reason is not None and reason.code in rules.DOUBTS:
        reason = None
    say(row, UsageState.HELD_BACK if reason else UsageState.RECEIVED, reason)
    row.save(update_fields=(*FATE, "order"))


def _order_of(row: UsageRow) -> UUID | None:
    """Give the order that a record named when the centre had none such, if it has one now."""
    try:
        named = UUID(row.account)
    except ValueError:
        return None
    facts = queries.order_facts({named}).get(named)
    return named if facts is not None and facts.centre == row.centre_id else None


def _reason(row: UsageRow, now: datetime) -> Reason | None:
    if row.reason_code == "UNREADABLE":  # what is stored is not what came
        return Reason(row.reason_code, _label(row))
    if row.order_id is None and row.account:
        return Reason(row.reason_code, _label(row))
    asked = {row.order_id} if row.order_id else set()
    second = bool(queries.metered(asked, without=row.id))
    return rules.hold_back(row.centre_id, record_of(row), queries.order_facts(asked), now, second=second)


def _label(row: UsageRow) -> Label:
    return Label(row.reason_zh, row.reason_en)


def record_of(row: UsageRow) -> UsageRecord:
    """Give a stored record as an engine gives it."""
    return UsageRecord(
        record_id=row.record_id,
        order_id=row.order_id,
        resource_class=row.resource_class,
        units=row.units,
        started_at=row.started_at,
        ended_at=row.ended_at,
        elapsed_ms=row.elapsed_ms,
        outcome=JobOutcome(row.outcome),
        cpu_ms=row.cpu_ms,
        memory_peak_mib=row.memory_peak_mib,
    )


def _capture_complete(row: UsageRow, now: datetime) -> None:
    if row.order_id is not None:
        capture(order_id=row.order_id, now=now)


def told(
    verb: RulingVerb,
    reason: str,
    by: Actor,
    now: datetime,
    *,
    body: dict[str, object],
    usage: UsageRow | None = None,
    order: Order | None = None,
    dispute: UsageDispute | None = None,
) -> None:
    """Keep a ruling and write its journal line, which has the reason's digest only."""
    on = usage or order or dispute
    if on is None:
        raise ValueError("a ruling is about something")
    row = Ruling(id=new_id(), verb=verb, usage=usage, order=order, dispute=dispute, reason=reason, by=by.name, at=now)
    row.save(force_insert=True)
    words = {**body, "reason": digest(reason).hex(), "ruling": str(row.id)}
    journal.write(Line("metering", verb.lower(), on.id, "", "", by.name, now, words))

"""Resolving a dispute: the first record stays, or the other payload counts in a row of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from jiaozi.kernel.ids import new_id
from jiaozi.metering import queries
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.metering.rules import RulingVerb, UsageState, ruling
from jiaozi.metering.rules.entry import BY_VOUCHER, FROM_FILE
from jiaozi.metering.rules.payload import columns
from jiaozi.metering.rules.reasons import late, superseded, to_be_rated
from jiaozi.metering.rules.ruling import Side, dispute_name
from jiaozi.metering.rules.words import check_text
from jiaozi.metering.services.capturing import FATE, capture, say
from jiaozi.metering.services.correcting import correct
from jiaozi.metering.services.reaching import check_reach
from jiaozi.metering.services.ruling import judge, told
from jiaozi.order import queries as orders
from jiaozi.party.rules import Actor


def resolve_dispute(*, dispute_id: UUID, accept: Side, reason: str, by: Actor, now: datetime) -> UsageDispute:
    """Resolve a dispute for the old payload, or for the new one.

    The old: the record stays what it is. The new: where nothing is captured yet, it counts instead of the first; where
    the first is captured, what it costs more is charged as a correction. An order that waited for this is captured.

    Raises
    ------
    UnableToRule
        When it is resolved already, the new payload can't be read or costs less than what is captured, or the person
        may not.
    UnableToActForProgramme
        When the order is another programme's, or the record's voucher, or its centre no supplier of the actor's.
    """
    reason = check_text(reason, "reason")
    accept = Side(accept)
    with transaction.atomic():
        first = queries.under_dispute(queries.dispute(dispute_id))
        held = orders.order(first.order_id, lock=True) if first.order_id is not None else None
        row = queries.dispute(dispute_id, lock=True)
        ruling.check_ruler(RulingVerb.RESOLVE, by, row.centre_id)
        check_reach(first, by, now)
        if row.resolved_at is not None:
            raise ruling.resolved_already()
        row.resolved_at, row.resolution = now, reason
        row.save(update_fields=["resolved_at", "resolution"])
        told(RulingVerb.RESOLVE, reason, by, now, dispute=row, body={"accept": accept.value, "usage": str(first.id)})
        if accept is Side.NEW:
            _put_new(row, queries.usage(first.id, lock=True), by, now)
        if held is not None:
            capture(order_id=held.id, now=now)
    return row


def _put_new(row: UsageDispute, first: UsageRow, by: Actor, now: datetime) -> None:
    if "unreadable" in row.payload or row.payload.get("wrong"):
        raise ruling.wrong_payload()
    captured = first.state == UsageState.CAPTURED
    if captured and first.source in BY_VOUCHER:
        raise ruling.imported_already()
    new = _row(row, first, now)
    if captured and new.order_id is None:
        raise ruling.other_order()
    if not captured and first.state != UsageState.WAIVED:
        say(first, UsageState.WAIVED, superseded())
        first.save(update_fields=FATE)
    if new.source in BY_VOUCHER:
        say(new, UsageState.HELD_BACK, to_be_rated())
    elif captured:
        say(new, UsageState.HELD_BACK, late(str(UsageState.CAPTURED)))
    new.save(force_insert=True)
    if captured:
        correct(new, by, now)
    elif new.source not in BY_VOUCHER:
        judge(new, by, now)
        if new.order_id is not None:
            capture(order_id=new.order_id, now=now)


def _row(row: UsageDispute, first: UsageRow, now: datetime) -> UsageRow:
    said: dict[str, Any] = columns(row.payload)
    order_id = said.pop("order_id", None)
    known = order_id is not None and order_id == first.order_id
    account = "" if known or order_id is None else str(order_id)
    words = {"account": account, "source": first.source if first.source not in BY_VOUCHER else FROM_FILE} | said
    return UsageRow(
        id=new_id(),
        centre_id=row.centre_id,
        record_id=dispute_name(row.id),
        payload_digest=bytes(row.payload_digest),
        order_id=order_id if known else None,
        received_at=now,
        state=UsageState.RECEIVED,
        supersedes=first,
        **words,
    )

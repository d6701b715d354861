"""Taking usage records in: a whole page in a few statements; each becomes a row, is the same again, or a dispute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.metering import queries, rules
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.metering.rules import Taken, UsageState, Verdict
from jiaozi.metering.rules.words import ACCOUNT_MAX, REASON_MAX
from jiaozi.order.ports import UsageRecord
from jiaozi.party.rules import SYSTEM

RECORDS_MAX = 10_000
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the records of one call."""

    new: int = 0
    held_back: int = 0
    same: int = 0
    disputes: int = 0

    def __add__(self, other: Received) -> Received:
        return Received(
            self.new + other.new,
            self.held_back + other.held_back,
            self.same + other.same,
            self.disputes + other.disputes,
        )


def subject_of(centre: str) -> UUID:
    """Give the journal's subject for what happens to a centre's usage as a whole."""
    return named_id("metering.centre", centre)


def receive(*, centre: str, records: Sequence[UsageRecord], source: str, now: datetime) -> Received:
    """Store records of a centre, each once: the same key with another payload is a dispute beside the first.

    No record is refused: one that can't be stored as it is, or is not what was ordered, is held back with its reason.
    Nothing is charged here; ``capture`` does that for an order that has ended.

    Raises
    ------
    ValueError
        When there are more than ``RECORDS_MAX``: hand them in by pages.
    """
    if len(records) > RECORDS_MAX:
        raise ValueError(f"records: at most {RECORDS_MAX} at once, not {len(records)}")
    if not records:
        return Received()
    with transaction.atomic():
        one_at_a_time(centre)
        read = [rules.read(record) for record in records]
        asked = {each.record.order_id for each in read if each.record.order_id}
        known = rules.Known(
            queries.payloads(centre, [each.record.record_id for each in read]),
            queries.order_facts(asked),
            frozenset(queries.metered(asked)),
        )
        taken = rules.take_in(centre, read, known, now)
        own = {id_ for id_, facts in known.orders.items() if facts.centre == centre}
        return _store(centre, taken, own, source, now)


def one_at_a_time(centre: str) -> None:
    """Let the feeds of one centre take turns, so that each sees what the other stored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('metering.receive/' || %s, 0))", [centre])


def _store(centre: str, taken: list[Taken], orders: set[UUID], source: str, now: datetime) -> Received:
    new = [each for each in taken if each.verdict is Verdict.NEW]
    UsageRow.objects.bulk_create([_row(centre, each, orders, source, now) for each in new], batch_size=_BATCH)
    disputed = {(each.record.record_id, each.digest): each for each in taken if each.verdict is Verdict.DISPUTE}
    before = queries.dispute_digests(centre, [record_id for record_id, _ in disputed])
    fresh = [each for key, each in disputed.items() if key not in before]
    UsageDispute.objects.bulk_create([_dispute(centre, each, now) for each in fresh], batch_size=_BATCH)
    received = Received(
        new=len(new),
        held_back=sum(each.reason is not None for each in new),
        same=sum(each.verdict is Verdict.SAME for each in taken),
        disputes=len(fresh),
    )
    if new or fresh:
        body = {
            "disputes": received.disputes,
            "held_back": received.held_back,
            "new": received.new,
            "records": digest([each.digest.hex() for each in (*new, *fresh)]).hex(),
            "source": source,
        }
        journal.write(Line("metering", "receive", subject_of(centre), "", "", SYSTEM.name, now, body))
    return received


def _row(centre: str, taken: Taken, orders: set[UUID], source: str, now: datetime) -> UsageRow:
    record, reason = taken.record, taken.reason
    known = record.order_id in orders
    return UsageRow(
        id=new_id(),
        centre_id=centre,
        record_id=record.record_id,
        payload_digest=taken.digest,
        source=source,
        account="" if known or record.order_id is None else str(record.order_id)[:ACCOUNT_MAX],
        order_id=record.order_id if known else None,
        resource_class=record.resource_class,
        units=record.units,
        started_at=record.started_at,
        ended_at=record.ended_at,
        elapsed_ms=record.elapsed_ms,
        cpu_ms=record.cpu_ms,
        memory_peak_mib=record.memory_peak_mib,
        outcome=record.outcome,
        received_at=now,
        state=UsageState.HELD_BACK if reason else UsageState.RECEIVED,
        reason_code=reason.code if reason else "",
        reason_zh=reason.label.zh[:REASON_MAX] if reason else "",
        reason_en=reason.label.en[:REASON_MAX] if reason else "",
    )


def _dispute(centre: str, taken: Taken, now: datetime) -> UsageDispute:
    return UsageDispute(
        id=new_id(),
        centre_id=centre,
        record_id=taken.record.record_id,
        payload_digest=taken.digest,
        payload=rules.payload_of(taken.record) | ({"unreadable": taken.reason.field} if taken.reason else {}),
        received_at=now,
    )

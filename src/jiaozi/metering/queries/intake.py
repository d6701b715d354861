"""Reading what an intake of usage has to know: how far a centre was read, what is kept, whose each record is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.db import connection

from jiaozi.metering.models import UsageCursor, UsageDispute, UsageRow
from jiaozi.metering.rules import OrderFacts, UsageState
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.party.rules import HolderClass
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.rules import State as VoucherState

ROWS_MAX = 500


def cursor_of(centre: str) -> str:
    """Give how far a centre was read; empty text is the beginning."""
    return UsageCursor.objects.filter(centre_id=centre).values_list("cursor", flat=True).first() or ""


def payloads(centre: str, record_ids: Collection[str]) -> dict[str, bytes]:
    """Give the digests of records that are there already, by record id."""
    with connection.cursor() as cursor:  # one array, for thousands of parameters cost more than the rows
        cursor.execute(
            "SELECT record_id, payload_digest FROM metering_usage WHERE centre_id = %s AND record_id = ANY (%s)",
            [centre, list(record_ids)],
        )
        return {record_id: bytes(content) for record_id, content in cursor.fetchall()}


def dispute_digests(centre: str, record_ids: Collection[str]) -> set[tuple[str, bytes]]:
    """Give the disputes that are there already, by record id and digest."""
    rows = UsageDispute.objects.filter(centre_id=centre, record_id__in=list(record_ids))
    return {(record_id, bytes(digest)) for record_id, digest in rows.values_list("record_id", "payload_digest")}


def order_facts(order_ids: Collection[UUID]) -> dict[UUID, OrderFacts]:
    """Give what intake must know of orders, under a shared lock: a capture waits, so that no record slips past it."""
    rows = Order.objects.select_for_update(of=("self",), no_key=True).filter(id__in=list(order_ids)).order_by("id")
    values = rows.values_list("id", "centre_id", "state", "resource_class_id", "units", "quoted_at")
    return {id_: OrderFacts(place, State(state), code, units, at) for id_, place, state, code, units, at in values}


def metered(order_ids: Collection[UUID], *, without: UUID | None = None) -> set[UUID]:
    """Give those of some orders that have usage which counts or may count, leaving one record out where asked."""
    rows = UsageRow.objects.filter(order_id__in=list(order_ids)).exclude(state=UsageState.WAIVED)
    if without is not None:
        rows = rows.exclude(id=without)
    return set(rows.values_list("order_id", flat=True))


def vouchers_by_id(ids: Collection[UUID]) -> dict[UUID, Voucher]:
    """Give vouchers with holder, version and application, by id; those that are not there are absent."""
    rows = Voucher.objects.select_related("holder", "version", "application").filter(id__in=list(ids))
    return {row.id: row for row in rows}


def vouchers_to_deal(programme: str, today: date) -> list[UUID]:
    """Give the vouchers that a demonstration may deal a trace's users over: active, valid, of no intermediary."""
    rows = Voucher.objects.filter(programme=programme, state=VoucherState.ACTIVE, valid_until__gte=today)
    rows = rows.exclude(holder__holder_class=HolderClass.INTERMEDIARY)
    return list(rows.order_by("id").values_list("id", flat=True)[:ROWS_MAX])


def voucher_states(ids: Collection[UUID]) -> dict[UUID, tuple[VoucherState, date]]:
    """Give states and last days under a shared lock: spenders run side by side, a freeze or an end waits its turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, state, valid_until FROM voucher WHERE id = ANY (%s) ORDER BY id FOR SHARE", [sorted(ids)]
        )
        return {id_: (VoucherState(state), valid_until) for id_, state, valid_until in cursor.fetchall()}

"""Reading usage and captures: constant numbers of statements, bounded lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from jiaozi.catalogue.rules import ResourceKind
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.queries import Finding
from jiaozi.metering.models import Capture, UsageCursor, UsageDispute, UsageRow
from jiaozi.metering.queries.reaching import disputes_within, within
from jiaozi.metering.rules import OrderFacts, UsageState
from jiaozi.metering.rules.ruling import dispute_name
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.party.rules import HolderClass
from jiaozi.voucher.models import Voucher, number_of
from jiaozi.voucher.rules import State as VoucherState

ROWS_MAX = 500
CAPTURES_MAX = 10_000
FINDINGS_MAX = 100
_SQL = Path(__file__).resolve().parent.parent / "sql"

ORDERS_MAX = 5_000
RECORDS_PER_ORDER_MAX = 10_000


class UnableToFindUsage(Refused):
    """No usage record, or no dispute, has this id."""


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


@dataclass(frozen=True, slots=True)
class ShardSum:
    """What one shard of a centre's payable was credited with in a period, in fen."""

    shard: int
    captures: int
    voucher_fen: int
    own_fen: int
    overrun_fen: int


def captures_between(
    *,
    centre: str,
    programme: str,
    start: datetime,
    end: datetime,
    after: UUID | None = None,
    limit: int = CAPTURES_MAX,
) -> list[Capture]:
    """Give a centre's captures from ``start`` up to and without ``end``, in order of id, holder and order loaded.

    A period with more than ``CAPTURES_MAX`` is read by pages: ``after`` is the last id that the caller has.
    """
    rows = Capture.objects.filter(
        centre_id=centre, programme=programme, captured_at__gte=start, captured_at__lt=end
    ).select_related("holder", "order")
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.order_by("id")[: min(limit, CAPTURES_MAX)])


def sums_by_shard(*, centre: str, programme: str, start: datetime, end: datetime) -> list[ShardSum]:
    """Give a centre's captures of a period added up by shard, in one statement; shards without any are left out."""
    rows = Capture.objects.filter(
        centre_id=centre, programme=programme, captured_at__gte=start, captured_at__lt=end
    ).values_list("payable_shard")
    summed = rows.annotate(Count("id"), Sum("voucher_fen"), Sum("own_fen"), Sum("overrun_fen"))
    return [ShardSum(*row) for row in summed.order_by("payable_shard")]


def audit() -> list[Finding]:
    """Check that usage, captures, orders, tariffs, journal and ledger tell the same; an empty list means that they do.

    Cost: a few passes over usage and captures, none per row.
    """
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "audit.sql").read_text(), {"limit": FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]


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


def quiet_use(captures: Collection[UUID], *, elapsed_least_ms: int, cpu_least_permille: int) -> list[UsageRow]:
    """Give the captured records of processors that ran long and used less of their time than this, the first ones."""
    words = {
        "captures": list(captures),
        "elapsed_ms": elapsed_least_ms,
        "kind": ResourceKind.CPU.value,
        "most": CAPTURES_MAX,
        "permille": cpu_least_permille,
    }
    # one array, for thousands of parameters cost more than the rows
    return list(
        UsageRow.objects.raw(
            "SELECT u.* FROM metering_usage AS u JOIN catalogue_resourceclass AS r ON r.code = u.resource_class"
            " WHERE u.capture_id = ANY (%(captures)s::uuid[]) AND r.kind = %(kind)s AND u.elapsed_ms >= %(elapsed_ms)s"
            " AND u.cpu_ms::numeric * 1000 < %(permille)s::numeric * u.units * u.elapsed_ms"
            " ORDER BY u.id LIMIT %(most)s",
            words,
        )
    )

"""Reading captures: of a period, added up, those that used little, and whether every book tells the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum

from jiaozi.catalogue.rules import ResourceKind
from jiaozi.ledger.queries import Finding
from jiaozi.metering.models import Capture, UsageRow

CAPTURES_MAX = 10_000
FINDINGS_MAX = 100
_SQL = Path(__file__).resolve().parent.parent / "sql"


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


def audit() -> list[Finding]:
    """Check that usage, captures, orders, tariffs, journal and ledger tell the same; an empty list means that they do.

    Cost: a few passes over usage and captures, none per row.
    """
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "audit.sql").read_text(), {"limit": FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]

"""Reading leases: constant numbers of statements, bounded lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, Q, Sum
from django.db.models.functions import Coalesce

from jiaozi.kernel.refusal import Refused
from jiaozi.lease.models import Lease, LeaseAllowance, LeaseCursor, LeaseJob, LeaseLetter, LeaseLossRuling
from jiaozi.lease.rules import LIVE, Letter, State, Verdict
from jiaozi.ledger.queries import Finding
from jiaozi.order.models import Order
from jiaozi.order.rules import State as OrderState

ROWS_MAX = 500
TENDED_MAX = 200
FINDINGS_MAX = 100
_SQL = Path(__file__).parent / "sql"
_USED = (
    OrderState.HELD,
    OrderState.SUBMITTED,
    OrderState.QUEUED,
    OrderState.RUNNING,
    OrderState.ENDED,
    OrderState.METERED,
    OrderState.CAPTURED,
    OrderState.SETTLED,
)


class UnableToFindLease(Refused):
    """No lease has this id."""


class UnableToFindLoss(Refused):
    """No centre told of such a job."""


def lease(id: UUID, *, lock: bool = False) -> Lease:  # noqa: A002 - the column's own name
    """Give one lease with its voucher and centre, locked for a change where asked.

    Raises
    ------
    UnableToFindLease
        When there is none.
    """
    rows = Lease.objects.select_related("voucher", "voucher__holder", "centre")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindLease("NO_SUCH_LEASE", f"没有额度{id}", f"no lease {id}", field="lease")
    return found


def allowance(voucher: UUID) -> LeaseAllowance | None:
    """Give what a voucher's holder allowed, or None where it never did."""
    return LeaseAllowance.objects.filter(voucher_id=voucher).first()


def to_tend(limit: int = TENDED_MAX) -> list[UUID]:
    """Give the vouchers whose leases were seen to longest ago: those allowed, and those with money still set aside."""
    rows = LeaseAllowance.objects.filter(ended_at=None) | LeaseAllowance.objects.filter(voucher__leases__state__in=LIVE)
    return list(rows.order_by("tended_at", "voucher_id").values_list("voucher_id", flat=True).distinct()[:limit])


def live(voucher: UUID) -> list[Lease]:
    """Give a voucher's leases that set money aside."""
    rows = Lease.objects.select_related("centre").filter(voucher_id=voucher, state__in=LIVE)
    return list(rows.order_by("opened_at")[:ROWS_MAX])


def leases(
    *,
    programme: str | None = None,
    voucher: UUID | None = None,
    holder: UUID | None = None,
    centre: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Lease]:
    """Give the latest leases, of a voucher, a holder or a centre, from after an instant and id, in one statement."""
    rows = Lease.objects.select_related("centre", "voucher", "voucher__holder")
    if voucher is not None:
        rows = rows.filter(voucher_id=voucher)
    if programme is not None:
        rows = rows.filter(voucher__programme=programme)
    if holder is not None:
        rows = rows.filter(voucher__holder_id=holder)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    if after is not None:
        rows = rows.filter(opened_at__lte=after[0]).exclude(opened_at=after[0], id__gte=after[1])
    return list(rows.order_by("-opened_at", "-id")[: min(limit, ROWS_MAX)])


def set_aside_fen(vouchers: Iterable[UUID]) -> dict[UUID, int]:
    """Say how much of each voucher is set aside at centres, in one statement."""
    rows = Lease.objects.filter(voucher_id__in=list(vouchers), state__in=LIVE).values_list("voucher_id")
    return dict(rows.annotate(fen=Sum("voucher_fen")).order_by("voucher_id"))


def due(now: datetime, limit: int = ROWS_MAX) -> list[UUID]:
    """Give the leases whose centres have not told of them in time, longest first."""
    rows = Lease.objects.filter(state__in=LIVE, due_at__lte=now).order_by("due_at")
    return list(rows.values_list("id", flat=True)[:limit])


def used_fen(voucher: UUID, since: datetime) -> dict[str, int]:
    """Say what a voucher's orders took at each centre since an instant, in one statement."""
    rows = Order.objects.filter(voucher_id=voucher, quoted_at__gte=since, state__in=_USED).values_list("centre_id")
    return dict(rows.annotate(fen=Sum(Coalesce("voucher_fen", "voucher_hold_fen"))).order_by("centre_id"))


def ran_short(voucher: UUID, since: datetime) -> bool:
    """Say whether an order by way of the platform found the voucher short since an instant."""
    rows = Order.objects.filter(voucher_id=voucher, state=OrderState.REFUSED, reason_code="VOUCHER_SHORT")
    return rows.filter(moved_at__gte=since).exists()


def letter(lease: UUID, serial: int) -> Letter | None:
    """Give a letter as it was written."""
    body = LeaseLetter.objects.filter(lease_id=lease, serial=serial).values_list("body", flat=True).first()
    return Letter.from_json(body) if body else None


def job(centre: str, lease: UUID, order: UUID) -> LeaseJob | None:
    """Give what was made of a job that a centre told of under a lease, by the order's id that it told."""
    return LeaseJob.objects.filter(centre_id=centre, lease_told=lease, order_told=order).first()


def jobs(lease: UUID, limit: int = 100) -> list[LeaseJob]:
    """Give the jobs that were told under a lease, the latest first, without their wishes."""
    rows = LeaseJob.objects.defer("wish").select_related("order").filter(lease_id=lease)
    return list(rows.order_by("-told_at", "-id")[: min(limit, ROWS_MAX)])


def losses(
    centre: str | None = None,
    *,
    programme: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[LeaseJob]:
    """Give the jobs that centres ran at their own cost, the latest first, with what was ruled on each, latest last.

    Two statements. Those of a lease of another programme are left out where one is named.
    """
    rulings = Prefetch("rulings", LeaseLossRuling.objects.order_by("at", "id"))
    rows = LeaseJob.objects.defer("wish").select_related("lease", "lease__voucher").prefetch_related(rulings)
    rows = rows.filter(order=None)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    if programme:
        rows = rows.filter(Q(lease=None) | Q(lease__voucher__programme=programme))
    if after is not None:
        rows = rows.filter(told_at__lte=after[0]).exclude(told_at=after[0], id__gte=after[1])
    return list(rows.order_by("-told_at", "-id")[: min(limit, ROWS_MAX)])


def loss(id: UUID, *, lock: bool = False) -> LeaseJob:  # noqa: A002 - the column's own name
    """Give one job that a centre told of, locked for a ruling where asked.

    Raises
    ------
    UnableToFindLoss
        When there is none.
    """
    rows = LeaseJob.objects.defer("wish").select_related("lease", "lease__voucher")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindLoss("NO_SUCH_LOSS", f"没有本地额度作业{id}", f"no job {id} under a lease", field="loss")
    return found


def verdict_on(job: UUID) -> Verdict | None:
    """Give the last ruling on a loss."""
    rows = LeaseLossRuling.objects.filter(job_id=job).order_by("-at", "-id").values_list("verdict", flat=True)
    found = rows.first()
    return Verdict(found) if found else None


def order_exists(order: UUID) -> bool:
    """Say whether an order has this id."""
    return Order.objects.filter(id=order).exists()


def cursor_of(centre: str) -> str:
    """Say how far a centre's words about leases were read."""
    found = LeaseCursor.objects.filter(centre_id=centre).values_list("cursor", flat=True).first()
    return found or ""


def open_lease(voucher: UUID, centre: str) -> Lease | None:
    """Give the lease that a centre may spend of a voucher now, or None."""
    return Lease.objects.filter(voucher_id=voucher, centre_id=centre, state=State.OPEN).first()


def audit() -> list[Finding]:
    """Check every lease against the ledger and its jobs; an empty list means that all hold, or were ruled on."""
    return _findings(ruled=False)


def audit_ruled() -> list[Finding]:
    """Give what the audit would find, had nobody closed it with a reason; each with who did, when and why."""
    return _findings(ruled=True)


def _findings(*, ruled: bool) -> list[Finding]:
    with connection.cursor() as cursor:
        text = (_SQL / "audit.sql").read_text(encoding="utf-8")
        cursor.execute(text, {"limit": FINDINGS_MAX, "ruled": ruled})
        return [Finding(*row) for row in cursor.fetchall()]

"""Reading what holders are paid: redemptions, awards with their stages, payments, what was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.metering.models import Capture
from jiaozi.policy.rules import CapUse, Subject
from jiaozi.settlement.models import (
    Award,
    AwardStage,
    Clawback,
    ClawbackRecovery,
    GrantPayment,
    Redemption,
    RedemptionUse,
    Statement,
)
from jiaozi.settlement.queries.reading import ROWS_MAX, run
from jiaozi.settlement.rules.redeem import LIVE, RedeemState
from jiaozi.settlement.rules.redeem_proof import CAPTURES_MAX

STAGES_MAX = 12
ELSEWHERE_MAX = 20


class UnableToFindGrant(Refused):
    """No redemption, award, stage, payment or clawback has this id."""


def _missing(what: str, zh: str, id_: UUID) -> UnableToFindGrant:
    return UnableToFindGrant(f"NO_SUCH_{what.upper()}", f"没有{zh}{id_}", f"no {what} {id_}", field=what)


def redemption(id: UUID, *, lock: bool = False) -> Redemption:  # noqa: A002 - the column's own name
    """Give one redemption with its voucher, holder and dossier, locked for a change where asked.

    Raises
    ------
    UnableToFindGrant
        When there is none.
    """
    rows = Redemption.objects.select_related("voucher__application", "voucher__version", "voucher__holder")
    found = _locked(rows, lock).filter(id=id).first()
    if found is None:
        raise _missing("redemption", "兑付申请", id)
    return found


def _locked(rows: QuerySet[Redemption], lock: bool) -> QuerySet[Redemption]:
    return rows.select_for_update(of=("self",), no_key=True) if lock else rows


def redemptions(
    programme: str,
    *,
    holder: UUID | None = None,
    states: Iterable[RedeemState] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Redemption]:
    """Give the latest redemptions of a programme, or of one holder, with voucher and holder, in one statement.

    ``after`` is the instant and id of the last one that the caller has.
    """
    rows = Redemption.objects.filter(programme=programme).select_related("voucher__holder")
    if holder is not None:
        rows = rows.filter(voucher__holder_id=holder)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if after is not None:
        rows = rows.filter(submitted_at__lte=after[0]).exclude(submitted_at=after[0], id__gte=after[1])
    return list(rows.order_by("-submitted_at", "-id")[: _bounded(limit)])


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a voucher's other claims came to: how many live ones, and of those accepted the base and the amount."""

    live: int
    accepted_fen: int
    amount_fen: int


def redeemed(voucher_id: UUID, *, besides: UUID | None = None) -> Redeemed:
    """Add up a voucher's claims, but for one."""
    rows = Redemption.objects.filter(voucher_id=voucher_id, state__in=LIVE)
    if besides is not None:
        rows = rows.exclude(id=besides)
    found = rows.aggregate(live=Count("id"), accepted=Sum("accepted_fen"), amount=Sum("amount_fen"))
    return Redeemed(found["live"], found["accepted"] or 0, found["amount"] or 0)


def invoice_taken(programme: str, number: str) -> bool:
    """Say whether an invoice was handed in under a programme and not rejected or withdrawn."""
    return Redemption.objects.filter(programme=programme, invoice_number=number, state__in=LIVE).exists()


def invoiced_elsewhere(programme: str, number: str) -> list[Redemption]:
    """Give the latest live claims under other programmes on an invoice of this number."""
    rows = Redemption.objects.filter(invoice_number=number, state__in=LIVE).exclude(programme=programme)
    return list(rows.order_by("-submitted_at", "-id")[:ELSEWHERE_MAX])


def uses_claimed(redemption_id: UUID) -> list[UUID]:
    """Give the captures that a claim is for."""
    rows = RedemptionUse.objects.filter(redemption_id=redemption_id).order_by("id")
    return list(rows.values_list("capture_id", flat=True)[:CAPTURES_MAX])


def uses_of(voucher_id: UUID, captures: Sequence[UUID]) -> dict[UUID, int]:
    """Give what metered use on a voucher cost its holder: capture → fen."""
    rows = Capture.objects.filter(id__in=captures, voucher_id=voucher_id)
    return dict(rows.values_list("id", "own_fen")[: len(captures)])


def uses_taken(captures: Sequence[UUID]) -> int:
    """Say how many of these uses were claimed and not given back."""
    return RedemptionUse.objects.filter(capture_id__in=captures, released=False).count()


def caps_left(programme: str, caps: Iterable[CapUse]) -> list[tuple[CapUse, int]]:
    """Say what caps leave at this moment, in one statement; a cap on a single claim leaves all of it."""
    uses = list(caps)
    accounts = {use.key: Account(AccountKind.COUNTED, programme, use.key) for use in uses}
    balances = ledger.balances(accounts.values())
    left = []
    for use in uses:
        at = balances[accounts[use.key].id]
        taken = 0 if use.subject is Subject.CLAIM else at.credit + at.credits_pending
        left.append((use, use.limit_fen - use.used_before_fen - taken))
    return left


def award(id: UUID, *, lock: bool = False) -> Award:  # noqa: A002 - the column's own name
    """Give one award with its holder and dossier, locked for a change where asked.

    Raises
    ------
    UnableToFindGrant
        When there is none.
    """
    rows = Award.objects.select_related("holder", "application__version")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise _missing("award", "奖励", id)
    return found


def awards(
    programme: str, *, holder: UUID | None = None, after: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[Award]:
    """Give the latest awards, from after an instant and id, with holders and stages, in two statements."""
    rows = Award.objects.filter(programme=programme).select_related("holder").prefetch_related("stages")
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    if after is not None:
        rows = rows.filter(awarded_at__lte=after[0]).exclude(awarded_at=after[0], id__gte=after[1])
    return list(rows.order_by("-awarded_at", "-id")[: _bounded(limit)])


def award_id_of(stage_id: UUID) -> UUID:
    """Say which award a stage is of.

    Raises
    ------
    UnableToFindGrant
        When there is no such stage.
    """
    found = AwardStage.objects.filter(id=stage_id).values_list("award_id", flat=True).first()
    if found is None:
        raise _missing("stage", "奖励阶段", stage_id)
    return found


def stages(award_id: UUID) -> list[AwardStage]:
    """Give an award's stages in their order."""
    return list(AwardStage.objects.filter(award_id=award_id).order_by("number")[:STAGES_MAX])


def payment(id: UUID) -> GrantPayment:  # noqa: A002 - the column's own name
    """Give one payment to a holder.

    Raises
    ------
    UnableToFindGrant
        When there is none.
    """
    found = GrantPayment.objects.filter(id=id).first()
    if found is None:
        raise _missing("payment", "支付", id)
    return found


def payments(programme: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 100) -> list[GrantPayment]:
    """Give the latest payments to holders."""
    rows = GrantPayment.objects.filter(programme=programme).select_related("redemption", "stage__award")
    if after is not None:
        rows = rows.filter(at__lte=after[0]).exclude(at=after[0], id__gte=after[1])
    return list(rows.order_by("-at", "-id")[: _bounded(limit)])


def reference_taken(programme: str, bank_reference: str) -> bool:
    """Say whether a bank's reference already stands for a payment, to a centre or to a holder."""
    of_reference = Q(programme=programme, bank_reference=bank_reference)
    return GrantPayment.objects.filter(of_reference).exists() or Statement.objects.filter(of_reference).exists()


def clawback(id: UUID) -> Clawback:  # noqa: A002 - the column's own name
    """Give one clawback.

    Raises
    ------
    UnableToFindGrant
        When there is none.
    """
    found = Clawback.objects.filter(id=id).first()
    if found is None:
        raise _missing("clawback", "追回记录", id)
    return found


def clawbacks(programme: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 100) -> list[Clawback]:
    """Give the latest clawbacks with their payments."""
    rows = Clawback.objects.filter(programme=programme).select_related("payment")
    if after is not None:
        rows = rows.filter(at__lte=after[0]).exclude(at=after[0], id__gte=after[1])
    return list(rows.order_by("-at", "-id")[: _bounded(limit)])


def clawback_under(programme: str, reference: str) -> Clawback | None:
    """Give the clawback that a reference stands for."""
    return Clawback.objects.filter(programme=programme, reference=reference).first()


def recovery_under(programme: str, reference: str) -> ClawbackRecovery | None:
    """Give the recovery that a reference stands for."""
    return ClawbackRecovery.objects.filter(programme=programme, reference=reference).first()


def left_fen(row: GrantPayment) -> int:
    """Say what of a payment was not taken back yet."""
    return row.amount_fen - (row.clawbacks.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def owed_fen(row: Clawback) -> int:
    """Say what of a clawback was not recovered yet."""
    return row.amount_fen - (row.recoveries.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def net_paid(row: GrantPayment) -> tuple[int, int]:
    """Give what a payment, and all before it, cost the reserve: less what fell before it was replaced."""
    found = run("net_paid.sql", programme=row.programme, statement=row.id, paid_at=row.at)
    return found[0][0], found[0][1]


def _bounded(limit: int) -> int:
    return max(1, min(limit, ROWS_MAX))

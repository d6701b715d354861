"""Reading the reserve fund: where it stands, what was replaced, what is owed to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.db.models import Sum

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.settlement.models import Disallowance, FundMovement, Statement, StatementLine
from jiaozi.settlement.queries.reading import ROWS_MAX, run
from jiaozi.settlement.rules import FundKind, ReservePosition, State

_KINDS = (
    AccountKind.RESERVE,
    AccountKind.UNREPLENISHED,
    AccountKind.RECEIVABLE,
    AccountKind.DUE_TO_TREASURY,
    AccountKind.TREASURY_ADVANCE,
    AccountKind.SPENT,
)
_UNFINISHED = (State.CLOSED, State.MATCHED, State.APPROVED, State.DISPUTED)


class UnableToFindDisallowance(Refused):
    """Nothing was disallowed under this id."""


def reserve_position(programme: str) -> ReservePosition:
    """Give a programme's reserve as the ledger has it, in one SQL statement."""
    accounts = {kind: Account(kind, programme) for kind in _KINDS}
    balances = ledger.balances(accounts.values())
    net = {kind: balances[account.id] for kind, account in accounts.items()}
    return ReservePosition(
        reserve_fen=net[AccountKind.RESERVE].debit,
        unreplenished_fen=net[AccountKind.UNREPLENISHED].debit,
        receivable_fen=net[AccountKind.RECEIVABLE].debit,
        due_fen=net[AccountKind.DUE_TO_TREASURY].credit,
        advance_fen=net[AccountKind.TREASURY_ADVANCE].credit,
        spent_fen=net[AccountKind.SPENT].debit,
    )


def movement(programme: str, kind: FundKind, reference: str) -> FundMovement | None:
    """Give the movement of a kind that a reference stands for."""
    return FundMovement.objects.filter(programme=programme, kind=kind, reference=reference).first()


def movements(programme: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 100) -> list[FundMovement]:
    """Give the latest movements of the reserve."""
    rows = FundMovement.objects.filter(programme=programme).order_by("-at", "-id")
    if after is not None:
        rows = rows.filter(at__lte=after[0]).exclude(at=after[0], id__gte=after[1])
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def replenished_fen(programme: str) -> int:
    """Say how much was replenished in all."""
    rows = FundMovement.objects.filter(programme=programme, kind=FundKind.REPLENISH)
    return rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0


def disallowance(id: UUID) -> Disallowance:  # noqa: A002 - the column's own name
    """Give one disallowance.

    Raises
    ------
    UnableToFindDisallowance
        When there is none.
    """
    found = Disallowance.objects.filter(id=id).select_related("statement").first()
    if found is None:
        raise UnableToFindDisallowance(
            "NO_SUCH_DISALLOWANCE", f"没有剔除记录{id}", f"nothing was disallowed under {id}", field="disallowance"
        )
    return found


def disallowances(
    programme: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[Disallowance]:
    """Give the latest disallowances with statement and capture."""
    rows = Disallowance.objects.filter(programme=programme).select_related("statement", "capture")
    if after is not None:
        rows = rows.filter(at__lte=after[0]).exclude(at=after[0], id__gte=after[1])
    return list(rows.order_by("-at", "-id")[: max(1, min(limit, ROWS_MAX))])


def disallowed_under(programme: str, reference: str) -> Disallowance | None:
    """Give the disallowance that a reference stands for."""
    return Disallowance.objects.filter(programme=programme, reference=reference).first()


def owed_fen(row: Disallowance) -> int:
    """Say what of a disallowance was not recovered yet."""
    return row.amount_fen - (row.recoveries.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def left_on_line_fen(statement_id: UUID, capture_id: UUID) -> int:
    """Say what of a paid line was not disallowed yet; 0 where the statement has no such line."""
    line = StatementLine.objects.filter(statement_id=statement_id, capture_id=capture_id).first()
    rows = Disallowance.objects.filter(statement_id=statement_id, capture_id=capture_id)
    return (line.amount_fen if line else 0) - (rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def net_paid(row: Statement) -> tuple[int, int]:
    """Give what a paid statement, and all paid before it, cost the reserve: less what fell before it was replaced."""
    found = run("net_paid.sql", programme=row.programme, statement=row.id, paid_at=row.paid_at)
    return found[0][0], found[0][1]


def unpaid_fen(programme: str) -> int:
    """Say what may still be paid: held or captured for centres, claimed by holders, earmarked for awards."""
    total = ledger.total(programme, AccountKind.PAYABLE)
    claimed_fen = ledger.balance(Account(AccountKind.SETTLED, programme)).credits_pending
    return total.credit + total.credits_pending + claimed_fen + ledger.total(programme, AccountKind.AWARD).credit


def unfinished(programme: str, *, before: date | None = None) -> int:
    """Say how many closed statements, of periods that began before a day, are neither paid nor adjusted.

    What an open one will take is unpaid anyway.
    """
    rows = Statement.objects.filter(programme=programme, state__in=_UNFINISHED)
    return (rows.filter(first__lt=before) if before else rows).count()


def shards(statement_id: UUID) -> Mapping[int, int]:
    """Give what a statement owes on each shard of its centre's payable."""
    return {shard: fen for shard, fen in run("shards.sql", statement=statement_id)}  # noqa: C416 - typed by the key

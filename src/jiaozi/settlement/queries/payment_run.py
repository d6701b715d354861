"""Finance's payment run: every statement that is to be matched, approved or paid, with what keeps it from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jiaozi.order.rules import payable_accounts
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries.fund import reserve_position
from jiaozi.settlement.queries.reading import run, statements
from jiaozi.settlement.rules import Difference, ReservePosition, State

CLOSED_MAX, LATER_MAX, LINES_SHOWN = 20, 50, 5


@dataclass(frozen=True, slots=True)
class Standing:
    """A statement of the run: ``differing`` lines keep it from being matched, ``off_fen`` is claimed less metered."""

    statement: Statement
    differing: int = 0
    off_fen: int = 0
    lines: tuple[Difference, ...] = ()

    @property
    def claimed(self) -> bool:
        """Whether its centre has claimed at all."""
        return self.statement.claim_number > 0


@dataclass(frozen=True, slots=True)
class PaymentRun:
    """What there is to do, the oldest first; a state with more than fits is told by ``more``."""

    to_match: tuple[Standing, ...]
    to_approve: tuple[Statement, ...]
    to_pay: tuple[Statement, ...]
    disputed: tuple[Statement, ...]
    reserve: ReservePosition
    more: bool = field(default=False)

    @property
    def due_fen(self) -> int:
        """What the approved statements come to."""
        return sum(row.total_fen for row in self.to_pay)

    @property
    def short_fen(self) -> int:
        """What the reserve lacks to pay them all; 0 where it has enough."""
        return max(0, self.due_fen - self.reserve.reserve_fen)


def payment_run(programme: str) -> PaymentRun:
    """Give a programme's payment run, in six statements whatever its size."""
    closed, later = _of(programme, State.CLOSED, CLOSED_MAX), LATER_MAX
    found = {state: _of(programme, state, later) for state in (State.MATCHED, State.APPROVED, State.DISPUTED)}
    return PaymentRun(
        to_match=tuple(_standing(closed[:CLOSED_MAX])),
        to_approve=tuple(found[State.MATCHED][:later]),
        to_pay=tuple(found[State.APPROVED][:later]),
        disputed=tuple(found[State.DISPUTED][:later]),
        reserve=reserve_position(programme),
        more=len(closed) > CLOSED_MAX or any(len(rows) > later for rows in found.values()),
    )


def _of(programme: str, state: State, most: int) -> list[Statement]:
    return statements(programme, states=[state], limit=most + 1)


def _standing(rows: Sequence[Statement]) -> list[Standing]:
    if not rows:
        return []
    shards = {account.id: row.centre_id for row in rows for account in payable_accounts(row.programme, row.centre_id)}
    found: dict[UUID, list[tuple[Difference, int, int]]] = {}
    for statement, reference, claimed, metered, ledger, count, off in run(
        "run_differences.sql",
        statements=[row.id for row in rows],
        shards=list(shards),
        centres=list(shards.values()),
        most=LINES_SHOWN,
    ):
        found.setdefault(statement, []).append((Difference(reference, claimed, metered, ledger), count, off))
    standing = []
    for row in rows:
        wrong = found.get(row.id, [])
        count, off = wrong[0][1:] if wrong else (0, 0)
        standing.append(Standing(row, count, off, tuple(each for each, _, _ in wrong)))
    return standing

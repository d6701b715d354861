"""The lines that settlement writes into the books ``face``, ``cash`` and ``limits``; each event is one chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.ledger.rules import Account, AccountKind, Transfer, post
from jiaozi.settlement.rules.position import FundKind, Split
from jiaozi.voucher.rules import available_account, cap_accounts

_K = AccountKind
_CASH = (
    AccountKind.RESERVE,
    AccountKind.TREASURY_ADVANCE,
    AccountKind.APPROPRIATION,
    AccountKind.SPENT,
    AccountKind.UNREPLENISHED,
    AccountKind.RECEIVABLE,
    AccountKind.DUE_TO_TREASURY,
)


def shard_account(programme: str, centre: str, shard: int) -> Account:
    """Give one shard of a centre's payable."""
    return Account(AccountKind.PAYABLE, programme, f"{centre}/{shard}")


def accounts(programme: str) -> tuple[Account, ...]:
    """Give the accounts that settlement moves money between, besides the centres' payables."""
    kinds = (*_CASH, AccountKind.SETTLED, AccountKind.DISALLOWED, AccountKind.LAPSED)
    return tuple(Account(kind, programme) for kind in kinds)


@dataclass(frozen=True, slots=True)
class _Cash:
    """Writes the lines of one event into the book ``cash``."""

    programme: str
    event: str
    reference: UUID

    def line(self, id_: UUID, debit: AccountKind, credit: AccountKind, amount_fen: int) -> Transfer:
        from_, to = Account(debit, self.programme), Account(credit, self.programme)
        return post(id_, from_, to, amount_fen, self.event, self.reference)


def pay_cap_id(statement_id: UUID, key: str) -> UUID:
    """Name the line by which a statement's payment counts for a cap."""
    return named_id("statement.pay.cap", statement_id, key)


def pay_lines(
    *, statement_id: UUID, programme: str, centre: str, shards: Mapping[int, int], caps: Mapping[str, int]
) -> tuple[Transfer, ...]:
    """Give what paying a statement writes: each shard of the payable, the cash, every cap measured on pay.

    Parameters
    ----------
    shards
        Shard → fen due on it.
    caps
        Key of a cap measured on pay → fen of this statement that it counts.
    """
    settled = Account(AccountKind.SETTLED, programme)
    lines = [
        post(
            named_id("statement.pay", statement_id, shard),
            shard_account(programme, centre, shard),
            settled,
            fen,
            "statement.pay",
            statement_id,
        )
        for shard, fen in sorted(shards.items())
        if fen
    ]
    total_fen = sum(shards.values())
    if total_fen:
        cash, id_ = _Cash(programme, "statement.pay.cash", statement_id), named_id("statement.pay.cash", statement_id)
        lines.append(cash.line(id_, _K.UNREPLENISHED, _K.RESERVE, total_fen))
    for key, fen in sorted(caps.items()):
        _, cap, counter = cap_accounts(programme, key)
        id_ = pay_cap_id(statement_id, key)
        lines.append(post(id_, cap, counter, fen, "statement.pay.cap", statement_id))
    return tuple(lines)


def fund_lines(kind: FundKind, *, movement_id: UUID, programme: str, amount_fen: int) -> tuple[Transfer, ...]:
    """Give the chain of a movement of the reserve fund."""
    cash = _Cash(programme, f"fund.{kind.lower()}", movement_id)
    return tuple(
        cash.line(named_id("fund", movement_id, number), debit, credit, amount_fen)
        for number, (debit, credit) in enumerate(_MOVES[kind])
    )


_MOVES: Mapping[FundKind, Sequence[tuple[AccountKind, AccountKind]]] = {
    FundKind.PREFUND: ((_K.RESERVE, _K.TREASURY_ADVANCE),),
    FundKind.REPLENISH: ((_K.RESERVE, _K.APPROPRIATION), (_K.SPENT, _K.UNREPLENISHED)),
    FundKind.RECOVER: ((_K.RESERVE, _K.RECEIVABLE),),
    FundKind.REMIT: ((_K.DUE_TO_TREASURY, _K.RESERVE),),
    FundKind.RETURN: ((_K.TREASURY_ADVANCE, _K.RESERVE),),
}


def disallow_lines(*, disallowance_id: UUID, programme: str, split: Split) -> tuple[Transfer, ...]:
    """Give what disallowing writes: the face, and a receivable against what was or was not replaced yet."""
    amount_fen = split.from_unreplenished_fen + split.due_fen
    settled, disallowed = Account(AccountKind.SETTLED, programme), Account(AccountKind.DISALLOWED, programme)
    lines = [post(named_id("disallow", disallowance_id), settled, disallowed, amount_fen, "disallow", disallowance_id)]
    cash = _Cash(programme, "disallow.cash", disallowance_id)
    parts = ((_K.UNREPLENISHED, split.from_unreplenished_fen), (_K.DUE_TO_TREASURY, split.due_fen))
    lines += [
        cash.line(named_id("disallow", disallowance_id, credit), _K.RECEIVABLE, credit, fen)
        for credit, fen in parts
        if fen
    ]
    return tuple(lines)


def year_id(programme: str, year: int) -> UUID:
    """Name the closing of a programme's year."""
    return named_id("year.close", programme, year)


def lapse_lines(*, programme: str, year: int, unissued_fen: int) -> tuple[Transfer, ...]:
    """Give what the year's end writes for the budget that was not issued."""
    if not unissued_fen:
        return ()
    id_ = year_id(programme, year)
    available, lapsed = available_account(programme, year), Account(AccountKind.LAPSED, programme)
    return (post(named_id("year.lapse", id_), available, lapsed, unissued_fen, "year.lapse", id_),)

"""The ledger in plain Python: what the SQL functions must do, said once more and as simply as possible.

This is the definition. A batch is cut into pieces free of repeats (``jiaozi.ledger.rules.segments``). In a piece, every
transfer first gets the verdict that does not depend on balances; a chain with any such verdict is out. The chains that
are left form a run: if the run's *net effect* fits every account's bound, all of it stands. If it does not fit, the run
is cut in two between chains, the left part is settled, and then the right part on what the left part made. A run of one
chain that does not fit is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from jiaozi.ledger.queries import Balance
from jiaozi.ledger.rules import Account, Book, Bound, Chain, Transfer, TransferKind, TransferStatus, segments

RESOLUTIONS = {TransferKind.CAPTURE, TransferKind.VOID}


@dataclass(frozen=True, slots=True)
class Stored:
    """A transfer that stands, with its chain and with the accounts that a resolution took from its hold."""

    chain_id: UUID
    transfer: Transfer
    debit: UUID
    credit: UUID


class ModelLedger:
    """Accounts and transfers in two dictionaries."""

    def __init__(self) -> None:
        self.books: dict[UUID, tuple[Book, Bound]] = {}
        self.balances: dict[UUID, Balance] = {}
        self.transfers: dict[UUID, Stored] = {}
        self.resolved: set[UUID] = set()

    def open_accounts(self, accounts: Iterable[Account]) -> None:
        for account in accounts:
            self.books.setdefault(account.id, (account.book, account.bound))
            self.balances.setdefault(account.id, Balance())

    def apply(self, chains: Sequence[Chain]) -> list[list[TransferStatus]]:
        return [statuses for piece in segments(chains) for statuses in self._apply_piece(piece)]

    def _apply_piece(self, piece: Sequence[Chain]) -> list[list[TransferStatus]]:
        verdicts = [[self._verdict(transfer, chain[0].id) for transfer in chain] for chain in piece]
        run = [chain for chain, words in zip(piece, verdicts, strict=True) if not any(words)]
        settled = iter(self._settle(run) if run else [])
        return [
            [word or TransferStatus.CHAIN_FAILED for word in words] if any(words) else next(settled)
            for words in verdicts
        ]

    def _verdict(self, transfer: Transfer, chain_id: UUID) -> TransferStatus | None:
        """Give the reason why a transfer can't be new, or can't ever fit; None when only the balances decide."""
        if transfer.id in self.transfers:
            return TransferStatus.EXISTS if self._same(transfer, chain_id) else TransferStatus.ID_CONFLICT
        if transfer.kind is not TransferKind.VOID and transfer.amount_fen <= 0:
            return TransferStatus.AMOUNT_NOT_POSITIVE
        if transfer.kind in RESOLUTIONS:
            return self._verdict_on_resolution(transfer)
        return self._verdict_on_accounts(transfer)

    def _same(self, transfer: Transfer, chain_id: UUID) -> bool:
        stored = self.transfers[transfer.id]
        asked = transfer
        if transfer.kind is TransferKind.VOID:  # a void's amount is its hold's, whatever was written
            asked = replace(transfer, amount_fen=stored.transfer.amount_fen)
        return stored.chain_id == chain_id and stored.transfer == asked

    def _verdict_on_resolution(self, transfer: Transfer) -> TransferStatus | None:
        hold = self.transfers.get(transfer.hold_id) if transfer.hold_id else None
        if hold is None or hold.transfer.kind is not TransferKind.HOLD:
            return TransferStatus.HOLD_NOT_FOUND
        if transfer.hold_id in self.resolved:
            return TransferStatus.HOLD_RESOLVED
        if transfer.kind is TransferKind.CAPTURE and transfer.amount_fen > hold.transfer.amount_fen:
            return TransferStatus.EXCEEDS_HOLD
        return None

    def _verdict_on_accounts(self, transfer: Transfer) -> TransferStatus | None:
        debit, credit = transfer.debit, transfer.credit
        if debit == credit:
            return TransferStatus.SAME_ACCOUNT
        if debit not in self.books:
            return TransferStatus.DEBIT_ACCOUNT_NOT_FOUND
        if credit not in self.books:
            return TransferStatus.CREDIT_ACCOUNT_NOT_FOUND
        if self.books[debit][0] is not self.books[credit][0]:
            return TransferStatus.BOOKS_DIFFER
        return None

    def _settle(self, run: Sequence[Chain]) -> list[list[TransferStatus]]:
        after = dict(self.balances)
        for chain in run:
            for transfer in chain:
                self._move(after, transfer)
        over = {id_ for id_ in after if not _keeps(after[id_], self.books[id_][1])}
        if not over:
            self._write(run, after)
            return [[TransferStatus.APPLIED] * len(chain) for chain in run]
        if len(run) == 1:
            return [[self._refusal(transfer, over) for transfer in run[0]]]
        cut = cut_of([len(chain) for chain in run])
        left = self._settle(run[:cut])
        return left + self._settle(run[cut:])

    def _accounts(self, transfer: Transfer) -> tuple[UUID, UUID, int]:
        """Give debit, credit and what leaves the pending side."""
        if transfer.kind in RESOLUTIONS:
            hold = self.transfers[transfer.hold_id]
            return hold.debit, hold.credit, hold.transfer.amount_fen
        return transfer.debit, transfer.credit, 0

    def _move(self, balances: dict[UUID, Balance], transfer: Transfer) -> None:
        debit, credit, released = self._accounts(transfer)
        pending = (transfer.amount_fen if transfer.kind is TransferKind.HOLD else 0) - released
        posted = transfer.amount_fen if transfer.kind in {TransferKind.POST, TransferKind.CAPTURE} else 0
        d, c = balances[debit], balances[credit]
        balances[debit] = replace(d, debits_pending=d.debits_pending + pending, debits_posted=d.debits_posted + posted)
        balances[credit] = replace(
            c, credits_pending=c.credits_pending + pending, credits_posted=c.credits_posted + posted
        )

    def _write(self, run: Sequence[Chain], after: dict[UUID, Balance]) -> None:
        self.balances = after
        for chain in run:
            for transfer in chain:
                debit, credit, released = self._accounts(transfer)
                amount = released if transfer.kind is TransferKind.VOID else transfer.amount_fen
                kept = replace(transfer, amount_fen=amount)
                self.transfers[transfer.id] = Stored(chain[0].id, kept, debit, credit)
                if transfer.hold_id is not None:
                    self.resolved.add(transfer.hold_id)

    def _refusal(self, transfer: Transfer, over: set[UUID]) -> TransferStatus:
        if transfer.kind in RESOLUTIONS:
            return TransferStatus.CHAIN_FAILED
        if transfer.debit in over and self.books[transfer.debit][1] is Bound.DEBITS_WITHIN_CREDITS:
            return TransferStatus.EXCEEDS_CREDITS
        if transfer.credit in over and self.books[transfer.credit][1] is Bound.CREDITS_WITHIN_DEBITS:
            return TransferStatus.EXCEEDS_DEBITS
        return TransferStatus.CHAIN_FAILED


def _keeps(balance: Balance, bound: Bound) -> bool:
    if bound is Bound.DEBITS_WITHIN_CREDITS:
        return balance.debits_pending + balance.debits_posted <= balance.credits_posted
    if bound is Bound.CREDITS_WITHIN_DEBITS:
        return balance.credits_pending + balance.credits_posted <= balance.debits_posted
    return True


def cut_of(sizes: Sequence[int]) -> int:
    """Give how many chains go left: the border nearest at or after half of the transfers, else the last before it."""
    half, borders, position = sum(sizes) // 2, [], 0
    for size in sizes[:-1]:
        position += size
        borders.append(position)
    later = [index for index, border in enumerate(borders, 1) if border >= half]
    return later[0] if later else len(borders)

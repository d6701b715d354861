"""What a lease is in the ledger: one hold on the voucher, one on the holder's own money, one on each cap.

A hold can't be changed, so each change of a lease is one chain: the old holds are voided, the new ones taken. Nobody
gets in between, because the chain is one. The voucher's own bound (debits within credits) then keeps leases, orders'
holds and what was spent within its face, whatever anybody computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.ledger.rules import Account, Transfer, hold, void
from jiaozi.order.rules import Quote, own_account, own_payable_account, payable_account
from jiaozi.voucher.rules import cap_accounts, voucher_account


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What a lease sets aside now. ``turn`` counts its changes."""

    lease_id: UUID
    programme: str
    voucher_id: UUID
    holder: UUID
    centre: str
    turn: int = 0
    voucher_fen: int = 0
    own_fen: int = 0
    cap_keys: tuple[str, ...] = ()

    @property
    def parts(self) -> list[tuple[str, int]]:
        """What is held, part by part, in fen."""
        parts = [("voucher", self.voucher_fen), ("own", self.own_fen)]
        return [(part, fen) for part, fen in [*parts, *((key, self.voucher_fen) for key in self.cap_keys)] if fen]

    def grown(self, voucher_fen: int, own_fen: int, cap_keys: Sequence[str]) -> Aside:
        """Give it with more set aside, under the caps of today."""
        return replace(
            self,
            turn=self.turn + 1,
            voucher_fen=self.voucher_fen + voucher_fen,
            own_fen=self.own_fen + own_fen,
            cap_keys=tuple(cap_keys),
        )

    def less(self, priced: Quote) -> Aside:
        """Give it without what an order now holds itself."""
        return replace(
            self,
            turn=self.turn + 1,
            voucher_fen=self.voucher_fen - priced.voucher_fen,
            own_fen=self.own_fen - priced.own_fen,
        )


def accounts(aside: Aside) -> tuple[Account, ...]:
    """Give the accounts that a lease's holds stand between."""
    return tuple(account for part, _ in aside.parts for account in _sides(aside, part))


def _sides(aside: Aside, part: str) -> tuple[Account, Account]:
    programme, centre = aside.programme, aside.centre
    if part == "voucher":
        return voucher_account(programme, aside.voucher_id), payable_account(programme, centre, aside.lease_id)
    if part == "own":
        return own_account(programme, aside.holder, centre), own_payable_account(programme, centre)
    _, cap, counter = cap_accounts(programme, part)
    return cap, counter


_EVENTS = {"voucher": "lease.hold", "own": "lease.hold.own"}


def hold_lines(aside: Aside) -> tuple[Transfer, ...]:
    """Give the holds of a lease at its turn."""
    return tuple(
        hold(
            _hold_id(aside, part),
            *_sides(aside, part),
            fen,
            _EVENTS.get(part, "lease.hold.cap"),
            aside.lease_id,
        )
        for part, fen in aside.parts
    )


def release_lines(aside: Aside) -> tuple[Transfer, ...]:
    """Give the voids of a lease's holds at its turn."""
    return tuple(
        void(
            named_id("lease.release", aside.lease_id, part, aside.turn),
            _hold_id(aside, part),
            "lease.release",
            aside.lease_id,
        )
        for part, _ in aside.parts
    )


def change_lines(before: Aside, after: Aside) -> tuple[Transfer, ...]:
    """Give the chain that brings a lease from one turn to the next."""
    return (*release_lines(before), *hold_lines(after))


def _hold_id(aside: Aside, part: str) -> UUID:
    return named_id("lease.hold", aside.lease_id, part, aside.turn)

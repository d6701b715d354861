"""The accounts of an order at a centre: what is owed to it, and what a holder prepaid or was granted there."""

from __future__ import annotations

from uuid import UUID

from jiaozi.ledger.rules import PAYABLE_SHARDS, Account, AccountKind


def payable_account(programme: str, centre: str, order_id: UUID) -> Account:
    """Give the shard of a centre's payable that an order uses."""
    return Account(AccountKind.PAYABLE, programme, f"{centre}/{order_id.int % PAYABLE_SHARDS}")


def payable_accounts(programme: str, centre: str) -> tuple[Account, ...]:
    """Give all shards of a centre's payable."""
    return tuple(Account(AccountKind.PAYABLE, programme, f"{centre}/{shard}") for shard in range(PAYABLE_SHARDS))


def own_account(programme: str, holder: UUID, centre: str) -> Account:
    """Give what a holder has prepaid, or was granted as credit, at a centre."""
    return Account(AccountKind.OWN, programme, f"{holder}/{centre}")


def own_payable_account(programme: str, centre: str) -> Account:
    """Give what holders owe a centre for their own shares."""
    return Account(AccountKind.OWN_PAYABLE, programme, centre)

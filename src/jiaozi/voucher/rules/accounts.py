"""The accounts that a voucher's money moves between; each is named by what it stands for."""

from __future__ import annotations

from uuid import UUID

from jiaozi.ledger.rules import Account, AccountKind


def available_account(programme: str, year: int) -> Account:
    """Give the account of the year's budget that is not issued yet."""
    return Account(AccountKind.AVAILABLE, programme, str(year))


def voucher_account(programme: str, voucher_id: UUID) -> Account:
    """Give a voucher's own account in the book ``face``."""
    return Account(AccountKind.VOUCHER, programme, str(voucher_id))


def cap_accounts(programme: str, key: str) -> tuple[Account, Account, Account]:
    """Give the source, the cap and the counter of one cap for one subject and period."""
    return (
        Account(AccountKind.CAP_SOURCE, programme),
        Account(AccountKind.CAP, programme, key),
        Account(AccountKind.COUNTED, programme, key),
    )

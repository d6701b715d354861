"""Reading the ledger: balances, an account's statement in one query, and the audit of the invariants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import connection

from jiaozi.ledger.models import LedgerAccount
from jiaozi.ledger.rules import KINDS, Account, AccountKind, Bound, TransferKind

_SQL = Path(__file__).parent / "sql"
STATEMENT_MAX = 1_000
FINDINGS_MAX = 100


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's four counters, in fen."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def credit(self) -> int:
        """Posted credits less posted debits."""
        return self.credits_posted - self.debits_posted

    @property
    def debit(self) -> int:
        """Posted debits less posted credits."""
        return self.debits_posted - self.credits_posted

    @property
    def spendable(self) -> int:
        """What may still be debited from an account whose debits stay within its credits."""
        return self.credits_posted - self.debits_posted - self.debits_pending


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an account's statement; amounts in fen as it sees them; the balance follows posted lines."""

    id: UUID
    at: datetime
    kind: TransferKind
    event: str
    reference: UUID | None
    debit_fen: int
    credit_fen: int
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant: which, where, and the two figures that should be equal."""

    invariant: str
    where: str
    found: str


def balances(accounts: Iterable[Account]) -> Mapping[UUID, Balance]:
    """Give the counters of accounts in one statement; an account not open yet counts as empty."""
    ids = [account.id for account in accounts]
    rows = LedgerAccount.objects.filter(id__in=ids).values_list(
        "id", "debits_pending", "debits_posted", "credits_pending", "credits_posted"
    )
    found = {row[0]: Balance(*row[1:]) for row in rows}
    return {id_: found.get(id_, Balance()) for id_ in ids}


def balance(account: Account) -> Balance:
    """Give one account's counters."""
    return balances([account])[account.id]


def total(programme: str, kind: AccountKind, prefix: str = "") -> Balance:
    """Add up the counters of all accounts of a kind, or of those whose subject begins with a prefix."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(debits_pending), 0)::bigint, coalesce(sum(debits_posted), 0)::bigint,"
            " coalesce(sum(credits_pending), 0)::bigint, coalesce(sum(credits_posted), 0)::bigint"
            " FROM ledger_account WHERE programme = %s AND kind = %s AND starts_with(subject, %s)",
            [programme, kind, prefix],
        )
        return Balance(*cursor.fetchone())


def statement(account: Account, *, limit: int = STATEMENT_MAX) -> list[Entry]:
    """Give an account's latest lines, oldest first, with the balance after each, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            (_SQL / "statement.sql").read_text(), {"account": account.id, "limit": min(limit, STATEMENT_MAX)}
        )
        return [Entry(row[0], row[1], TransferKind(row[2]), *row[3:]) for row in cursor.fetchall()]


def audit() -> list[Finding]:
    """Check the ledger's own invariants over all rows; an empty list means that every one holds.

    Sum of debits = sum of credits, posted and pending, per book; counters equal a replay of the transfers; bounds kept;
    no hold resolved above its amount, twice, or with other accounts; both sides of a transfer in one book; book and
    bound of every account as its kind says; no chain without its first transfer. One statement sees one instant, so the
    audit may run under load.
    """
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "audit.sql").read_text(), {"limit": FINDINGS_MAX, **_kinds()})
        return [Finding(*row) for row in cursor.fetchall()]


def _kinds() -> dict[str, list[str] | list[bool]]:
    """Give the table of kinds as columns."""
    return {
        "kinds": [kind.value for kind in KINDS],
        "books": [book.value for book, _ in KINDS.values()],
        "debits_within": [bound is Bound.DEBITS_WITHIN_CREDITS for _, bound in KINDS.values()],
        "credits_within": [bound is Bound.CREDITS_WITHIN_DEBITS for _, bound in KINDS.values()],
    }

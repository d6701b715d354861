"""Reading vouchers with their balances: constant numbers of statements, bounded lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum, TextField
from django.db.models.functions import Cast, Right

from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.ledger.queries import Finding
from jiaozi.ledger.rules import Account
from jiaozi.policy import queries as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules import CapUse, Decision, LimitInForce, OrderTerms, limits_in_force, order_terms
from jiaozi.voucher import rules
from jiaozi.voucher.models import NUMBER_DIGITS, Voucher
from jiaozi.voucher.rules import Standing, State, budget_event, cap_accounts, voucher_account

ROWS_MAX = 500
FINDINGS_MAX = 100
_SQL = Path(__file__).parent / "sql"
_PURSES, _HELD_BY = ((_SQL / name).read_text(encoding="utf-8") for name in ("purses.sql", "held_by.sql"))


class UnableToFindVoucher(Refused):
    """No voucher has this id."""


@dataclass(frozen=True, slots=True)
class Purse:
    """A voucher and what is left of it, in fen: face = spendable + held + used + ended."""

    voucher: Voucher
    spendable_fen: int
    held_fen: int
    used_fen: int
    ended_fen: int


def voucher(id: UUID, *, lock: bool = False) -> Voucher:  # noqa: A002 - the column's own name
    """Give one voucher with its holder and version, locked for a change where asked.

    Raises
    ------
    UnableToFindVoucher
        When there is none.
    """
    rows = Voucher.objects.select_related("holder", "version", "application")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindVoucher("NO_SUCH_VOUCHER", f"没有算力券{id}", f"no voucher {id}", field="voucher")
    return found


def holders_of_number(digits: str, *, most: int) -> list[UUID]:
    """Give the holders of vouchers of a number, written without dashes."""
    tail = Right(Cast("id", TextField()), NUMBER_DIGITS)
    rows = Voucher.objects.annotate(tail=tail).filter(tail=digits.lower()).order_by("holder_id")
    return list(rows.values_list("holder_id", flat=True).distinct()[:most])


def voucher_for_spending(id: UUID) -> Voucher:  # noqa: A002 - the column's own name
    """Give one voucher under a shared lock: spenders run side by side, a freeze or an end waits its turn."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM voucher WHERE id = %s FOR SHARE", [id])
    return voucher(id)


def terms(row: Voucher, on: date) -> OrderTerms:
    """Give the terms that a voucher is spent under: its programme version's, for the class that its clause grants."""
    decision = Decision.from_json(row.application.decision) if row.application.decision else None
    kind = decision.clause.voucher_class if decision and decision.clause else ""
    return order_terms(policy.document(row.version_id), on, allow_demo=row.version.demo, voucher_class=kind)


def returns_to(row: Voucher, today: date) -> int | None:
    """Give the year whose budget has the rest of an expired voucher again; None where it lapses, or is not expired."""
    if row.state != State.EXPIRED:
        return None
    issued = local_date(row.issued_at)
    return rules.returns_to(terms(row, issued).expiry, issued, today)


def spendable_fen(row: Voucher) -> int:
    """Say what may still be spent of a voucher."""
    return ledger.balance(voucher_account(row.programme, row.id)).spendable


def standing(programme: str, caps: Iterable[CapUse]) -> dict[str, Standing]:
    """Say where the accounts of caps stand, by counter, in one statement.

    A cap's account gives only to its counter and its source, so its balance and the counter's make up the limit.
    """
    accounts = {use.key: cap_accounts(programme, use.key)[1:] for use in caps}
    found = ledger.balances(account for pair in accounts.values() for account in pair)
    standings = {}
    for key, (cap, counter) in accounts.items():
        left, taken = found[cap.id], found[counter.id]
        limit_fen = left.credit + taken.credit if left.credits_posted else None
        mark = f"{left.credits_posted}/{left.debits_posted}/{taken.debits_posted}"
        standings[key] = Standing(limit_fen, left.spendable, mark)
    return standings


def limits(
    programme: str, caps: Iterable[CapUse], now: datetime
) -> tuple[ProgrammeVersion | None, dict[str, LimitInForce]]:
    """Give the version in force and what it makes the limits of caps; neither after its last day: they stay then."""
    today = local_date(now)
    try:
        version = policy.current(programme, today)
    except policy.UnableToFindProgramme:
        return None, {}
    return version, limits_in_force(policy.document(version.id), caps, today, allow_demo=version.demo)


def purses(
    *,
    programme: str,
    holder: UUID | None = None,
    states: Iterable[State] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Purse]:
    """Give the latest vouchers, from after an instant and id, with what is left of each, in two statements."""
    rows = Voucher.objects.filter(programme=programme).select_related("holder").order_by("-issued_at", "-id")
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if after is not None:
        rows = rows.filter(issued_at__lte=after[0]).exclude(issued_at=after[0], id__gte=after[1])
    return with_balances(list(rows[: min(limit, ROWS_MAX)]))


def purses_of(holder: UUID, *, programme: str, limit: int = 100) -> list[Purse]:
    """Give a holder's latest vouchers with what is left of each, in one statement; the holder itself is not loaded."""
    words = {"programme": programme, "holder": holder, "most": min(limit, ROWS_MAX)}
    rows: Any = Voucher.objects.raw(_HELD_BY, words)
    return [Purse(row, row.spendable_fen, row.held_fen, row.used_fen, row.ended_fen) for row in rows]


def purse(id: UUID) -> Purse:  # noqa: A002 - the column's own name
    """Give one voucher with what is left of it."""
    return with_balances([voucher(id)])[0]


def with_balances(rows: list[Voucher]) -> list[Purse]:
    """Give vouchers with what is left of each, in one statement."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_PURSES, {"accounts": [voucher_account(r.programme, r.id).id for r in rows]})
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    accounts = {row.id: voucher_account(row.programme, row.id).id for row in rows}
    return [Purse(row, *found.get(accounts[id_], (0, 0, 0, 0))) for id_, row in zip(ids, rows, strict=True)]


def budget(reference: UUID) -> tuple[UUID, int, str] | None:
    """Give what was approved under a reference: the year's account, the amount in fen and the event."""
    rows = LedgerTransfer.objects.filter(id=named_id("budget", reference))
    return rows.values_list("credit_id", "amount_fen", "event").first()


def budgeted_fen(available: Account) -> int:
    """Say how much was approved for a year's vouchers."""
    rows = LedgerTransfer.objects.filter(credit_id=available.id, event=budget_event(for_awards=False))
    return rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0


def due_to_expire(today: date, *, limit: int = 1_000) -> list[UUID]:
    """Give vouchers whose last day is over and that are not ended yet."""
    rows = Voucher.objects.filter(valid_until__lt=today, state__in=[State.ACTIVE, State.FROZEN])
    return list(rows.order_by("valid_until").values_list("id", flat=True)[:limit])


def audit() -> list[Finding]:
    """Check that every face was issued in the ledger, and is unspent, held, used, lapsed, revoked or returned."""
    with connection.cursor() as cursor:
        cursor.execute((_SQL / "audit.sql").read_text(), {"limit": FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]

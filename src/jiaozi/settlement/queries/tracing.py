"""Following public money from the decision to the bank.

A chain is a voucher with all that led to it and all that it led to: dossier and decisions, orders, usage, captures,
lines of statements, payments, the voucher's own account in the ledger, and the journal's lines about each. Constant
numbers of statements, each list bounded; ``complete`` says whether anything was left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from jiaozi.application import queries as application
from jiaozi.application.models import Application, KeptDecision
from jiaozi.journal.models import JournalLine
from jiaozi.lease.models import Lease
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.queries import Entry
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order.models import Order
from jiaozi.settlement.models import Redemption, StatementLine
from jiaozi.settlement.rules.tracing import Proof, proofs
from jiaozi.voucher import queries as voucher
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.queries import Purse
from jiaozi.voucher.rules import voucher_account

ORDERS_MAX, ENTRIES_MAX, LINES_MAX = 100, 300, 300


@dataclass(frozen=True, slots=True)
class Chain:
    """All that one voucher, or one dossier without a voucher, is made of; lists oldest first."""

    application: Application
    decisions: list[KeptDecision]
    purse: Purse | None
    orders: list[Order]
    usage: list[UsageRow]
    captures: list[Capture]
    lines: list[StatementLine]
    redemptions: list[Redemption]
    entries: list[Entry]
    journal: list[JournalLine]
    captured_fen: int
    complete: bool


def chain(application_id: UUID) -> Chain:
    """Follow the money of one dossier, in at most fourteen statements.

    Raises
    ------
    UnableToFindApplication
        When there is no such dossier.
    """
    row = application.application(application_id)
    kept = Voucher.objects.filter(application_id=row.id).select_related("holder").first()
    decisions = list(KeptDecision.objects.filter(application_id=row.id).order_by("id")[:ORDERS_MAX])
    if kept is None:
        subjects = {row.id}
        found, more = _journal(subjects, row.id)
        return Chain(row, decisions, None, [], [], [], [], [], [], found, captured_fen=0, complete=not more)
    orders = list(
        Order.objects.filter(voucher_id=kept.id).select_related("centre").order_by("quoted_at")[: ORDERS_MAX + 1]
    )
    taken = Capture.objects.filter(voucher_id=kept.id).select_related("moved_for", "corrects")
    captures = list(taken.order_by("captured_at", "id")[: ORDERS_MAX + 1])
    whole = len(captures) <= ORDERS_MAX
    captured_fen = sum(c.voucher_fen for c in captures) if whole else taken.aggregate(fen=Sum("voucher_fen"))["fen"]
    captures = captures[:ORDERS_MAX]
    usage = UsageRow.objects.filter(Q(order_id__in=[o.id for o in orders]) | Q(capture_id__in=[c.id for c in captures]))
    lines = StatementLine.objects.filter(capture_id__in=[c.id for c in captures]).select_related("statement__centre")
    redemptions = list(Redemption.objects.filter(voucher_id=kept.id).order_by("id")[:ORDERS_MAX])
    subjects = {row.id, kept.id, *(o.id for o in orders[:ORDERS_MAX]), *(each.id for each in redemptions)}
    found, more = _journal(subjects, kept.id)
    entries = ledger.statement(voucher_account(kept.programme, kept.id), limit=ENTRIES_MAX)
    used = list(usage.order_by("started_at", "id")[: LINES_MAX + 1])
    cut = (len(orders) > ORDERS_MAX, not whole, len(used) > LINES_MAX, len(entries) == ENTRIES_MAX)
    return Chain(
        application=row,
        decisions=decisions,
        purse=voucher.with_balances([kept])[0],
        orders=orders[:ORDERS_MAX],
        usage=used[:LINES_MAX],
        captures=captures,
        lines=list(lines.order_by("id")[:LINES_MAX]),
        redemptions=redemptions,
        entries=entries,
        journal=found,
        captured_fen=captured_fen,
        complete=not (more or any(cut) or len(redemptions) == ORDERS_MAX),
    )


def _journal(subjects: set[UUID], voucher_id: UUID) -> tuple[list[JournalLine], bool]:
    """Give the lines about these things, and about a voucher's leases.

    A union, since no index serves a list or else a subquery: the whole journal would be read.
    """
    of_leases = JournalLine.objects.filter(subject__in=Lease.objects.filter(voucher_id=voucher_id).values("id"))
    about = JournalLine.objects.filter(subject__in=subjects).union(of_leases, all=True)
    rows = list(about.order_by("id")[: LINES_MAX + 1])
    return rows[:LINES_MAX], len(rows) > LINES_MAX


def proofs_of(found: Chain) -> list[Proof]:
    """Give what must be equal along a chain; nothing where there is no voucher."""
    purse = found.purse
    if purse is None:
        return []
    return proofs(
        granted_fen=found.application.amount_fen,
        face_fen=purse.voucher.face_fen,
        spendable_fen=purse.spendable_fen,
        held_fen=purse.held_fen,
        used_fen=purse.used_fen,
        ended_fen=purse.ended_fen,
        captured_fen=None if found.redemptions else found.captured_fen,
        booked_fen=found.entries[-1].balance_fen if found.entries else 0,
    )


def chain_to_json(found: Chain) -> dict[str, Any]:
    """Give a chain as plain values: ids, amounts in fen, instants in UTC, digests; no facts of persons."""
    row, purse = found.application, found.purse
    kept = {"id": row.id, "programme": row.programme, "clause": row.clause, "state": row.state}
    plain: dict[str, Any] = _plain(
        {
            "application": kept | {"amount_fen": row.amount_fen, "holder": row.holder_id, "version": row.version_id},
            "decisions": [_of(each, "id step digest at version_id") for each in found.decisions],
            "voucher": purse
            and _of(purse.voucher, "id face_fen state issued_at valid_until")
            | _of(purse, "spendable_fen held_fen used_fen ended_fen"),
            "orders": [
                _of(each, "id centre_id state voucher_hold_fen own_hold_fen quoted_at") for each in found.orders
            ],
            "usage": [_of(each, "id record_id order_id units elapsed_ms state capture_id") for each in found.usage],
            "captures": [_of(each, "id order_id price_fen voucher_fen own_fen captured_at") for each in found.captures],
            "statement_lines": [
                _of(each, "capture_id amount_fen claimed_fen ledger_fen")
                | {"statement": _of(each.statement, "id state paid_at bank_reference")}
                for each in found.lines
            ],
            "redemptions": [_of(each, "id state invoice_number") for each in found.redemptions],
            "entries": [_of(each, "id at event reference debit_fen credit_fen balance_fen") for each in found.entries],
            "journal": [
                _of(each, "id stage verb subject before after by at body") | {"digest": bytes(each.digest).hex()}
                for each in found.journal
            ],
            "complete": found.complete,
        }
    )
    return plain


def _of(row: Any, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value

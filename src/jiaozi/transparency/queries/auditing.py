"""The whole audit: every room's books, and the chain that seals them."""

from __future__ import annotations

from jiaozi.settlement import queries as settlement
from jiaozi.settlement.queries import Audit, Checked
from jiaozi.settlement.rules.auditing import Invariant
from jiaozi.transparency.models import Entry, Total
from jiaozi.transparency.queries.reading import audit

INVARIANTS = (
    Invariant(
        "transparency", "a kept total is the sum of its entries", "公开合计等于其各条之和", lambda rows: rows.accounts
    ),
    Invariant(
        "transparency", "the chain has as many links as it says", "封存链的条数与所记相符", lambda rows: rows.transfers
    ),
    Invariant(
        "transparency",
        "what is older than the chain's end is in it",
        "早于链尾的每条都已封存",
        lambda rows: rows.transfers,
    ),
)


def audit_all() -> Audit:
    """Check every book, and the seals on them."""
    books, findings = settlement.audit_all(), audit()
    broken = {finding.invariant for finding in findings}
    totals, entries = Total.objects.count(), Entry.objects.count()
    checked = [
        Checked(each, rows, each.name not in broken)
        for each, rows in zip(INVARIANTS, (totals, entries, entries), strict=True)
    ]
    return Audit((*books.checked, *checked), (*books.findings, *findings), books.ruled)

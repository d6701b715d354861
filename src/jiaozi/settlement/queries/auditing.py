"""The audit: settlement's own invariants, and every book's in one call."""

from __future__ import annotations

from dataclasses import dataclass

from jiaozi.application.queries.evidence import audit_evidence
from jiaozi.exchange import queries as exchange
from jiaozi.lease import queries as lease
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.queries import Finding
from jiaozi.metering import queries as metering
from jiaozi.order import queries as order
from jiaozi.settlement.queries.reading import run
from jiaozi.settlement.rules.auditing import INVARIANTS, Invariant, Rows
from jiaozi.voucher import queries as voucher

FINDINGS_MAX = 100


@dataclass(frozen=True, slots=True)
class Checked:
    """One invariant, over how many rows it was checked, and whether it holds."""

    invariant: Invariant
    rows: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Audit:
    """What was checked, and every broken row that was found (bounded a room)."""

    checked: tuple[Checked, ...]
    findings: tuple[Finding, ...]
    ruled: tuple[Finding, ...] = ()
    """What would be a finding, had nobody with the right to closed it with a reason: shown, and not failing."""

    @property
    def holds(self) -> bool:
        """Whether every invariant holds."""
        return not self.findings


def audit() -> list[Finding]:
    """Check settlement's own invariants over all rows; an empty list means that every one holds."""
    return [Finding(*row) for row in run("audit.sql", most=FINDINGS_MAX)]


def audit_all() -> Audit:
    """Check every book, from the ledger to settlement, and every paper that is kept."""
    rows = Rows(*run("audited.sql")[0])
    rooms = (
        ledger.audit,
        audit_evidence,
        voucher.audit,
        order.audit,
        lease.audit,
        metering.audit,
        exchange.audit,
        audit,
    )
    findings = tuple(finding for room in rooms for finding in room())
    broken = {finding.invariant for finding in findings}
    checked = [Checked(each, each.rows(rows), each.name not in broken) for each in INVARIANTS]
    return Audit(tuple(checked), findings, tuple(lease.audit_ruled()))

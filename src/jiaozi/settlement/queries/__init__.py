"""Reading settlement: statements, the reserve fund, what holders are paid, the year at a glance, the audit."""

from jiaozi.policy.queries import UnableToFindProgramme, require_programme
from jiaozi.settlement.queries.auditing import Audit, Checked, audit, audit_all
from jiaozi.settlement.queries.batch import BatchAhead, batch_ahead
from jiaozi.settlement.queries.budget import BudgetView, budget
from jiaozi.settlement.queries.closing import YearAhead, year_ahead
from jiaozi.settlement.queries.confirming import Confirmation, answered_lines, confirmation
from jiaozi.settlement.queries.exporting import ExportForm, export, export_csv
from jiaozi.settlement.queries.fund import (
    UnableToFindDisallowance,
    disallowance,
    disallowances,
    movements,
    reserve_position,
    unfinished,
    unpaid_fen,
)
from jiaozi.settlement.queries.glance import YearAtAGlance, year_at_a_glance, year_cap
from jiaozi.settlement.queries.grants import (
    UnableToFindGrant,
    award,
    awards,
    clawbacks,
    payments,
    redemption,
    redemptions,
    stages,
)
from jiaozi.settlement.queries.journal import lines_for
from jiaozi.settlement.queries.kept import waiting
from jiaozi.settlement.queries.payment_run import PaymentRun, payment_run
from jiaozi.settlement.queries.reading import (
    UnableToFindStatement,
    Waiting,
    blocked,
    closed_days,
    differences,
    lines,
    statement,
    statements,
)
from jiaozi.settlement.queries.replaying import replayed
from jiaozi.settlement.queries.year import closed_year

__all__ = [
    "Audit",
    "BatchAhead",
    "BudgetView",
    "Checked",
    "Confirmation",
    "ExportForm",
    "PaymentRun",
    "UnableToFindDisallowance",
    "UnableToFindGrant",
    "UnableToFindProgramme",
    "UnableToFindStatement",
    "Waiting",
    "YearAhead",
    "YearAtAGlance",
    "answered_lines",
    "audit",
    "audit_all",
    "award",
    "awards",
    "batch_ahead",
    "blocked",
    "budget",
    "clawbacks",
    "closed_days",
    "closed_year",
    "confirmation",
    "differences",
    "disallowance",
    "disallowances",
    "export",
    "export_csv",
    "lines",
    "lines_for",
    "movements",
    "payment_run",
    "payments",
    "redemption",
    "redemptions",
    "replayed",
    "require_programme",
    "reserve_position",
    "stages",
    "statement",
    "statements",
    "unfinished",
    "unpaid_fen",
    "waiting",
    "year_ahead",
    "year_at_a_glance",
    "year_cap",
]

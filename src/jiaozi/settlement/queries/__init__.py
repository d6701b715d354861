"""Reading settlement: statements, the reserve fund, what holders are paid, the year at a glance, the audit."""

from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.settlement.queries.auditing import Audit, Checked, audit, audit_all
from jiaozi.settlement.queries.batch import BatchAhead, batch_ahead
from jiaozi.settlement.queries.exporting import ExportForm, export, export_csv
from jiaozi.settlement.queries.fund import (
    UnableToFindDisallowance,
    disallowance,
    disallowances,
    movements,
    require_programme,
    reserve_position,
    unfinished,
    unpaid_fen,
)
from jiaozi.settlement.queries.glance import YearAtAGlance, year_at_a_glance
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
from jiaozi.settlement.queries.reading import (
    UnableToFindStatement,
    Waiting,
    blocked,
    differences,
    lines,
    statement,
    statements,
    waiting,
)
from jiaozi.settlement.queries.replaying import replayed
from jiaozi.settlement.queries.year import closed_year

__all__ = [
    "Audit",
    "BatchAhead",
    "Checked",
    "ExportForm",
    "UnableToFindDisallowance",
    "UnableToFindGrant",
    "UnableToFindProgramme",
    "UnableToFindStatement",
    "Waiting",
    "YearAtAGlance",
    "audit",
    "audit_all",
    "award",
    "awards",
    "batch_ahead",
    "blocked",
    "clawbacks",
    "closed_year",
    "differences",
    "disallowance",
    "disallowances",
    "export",
    "export_csv",
    "lines",
    "movements",
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
    "year_at_a_glance",
]

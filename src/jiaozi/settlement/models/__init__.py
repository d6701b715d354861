"""Settlement's tables: what centres are owed and the reserve, and what holders are paid."""

from jiaozi.settlement.models.grants import (
    Award,
    AwardStage,
    Clawback,
    ClawbackRecovery,
    GrantPayment,
    Redemption,
    RedemptionUse,
)
from jiaozi.settlement.models.statements import ClaimLine, Disallowance, FundMovement, Statement, StatementLine
from jiaozi.settlement.models.totals import CentreTotal, Kept, YearTotal
from jiaozi.settlement.models.years import ClosedYear

__all__ = [
    "Award",
    "AwardStage",
    "CentreTotal",
    "ClaimLine",
    "Clawback",
    "ClawbackRecovery",
    "ClosedYear",
    "Disallowance",
    "FundMovement",
    "GrantPayment",
    "Kept",
    "Redemption",
    "RedemptionUse",
    "Statement",
    "StatementLine",
    "YearTotal",
]

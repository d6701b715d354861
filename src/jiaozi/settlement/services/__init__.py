"""The verbs of settlement: a statement from open to paid, what holders are paid, and the reserve that pays both."""

from jiaozi.settlement.rules.year import YearClosed
from jiaozi.settlement.services.awarding import accept_report, award, pay_award, withdraw_award
from jiaozi.settlement.services.batch import approve_batch
from jiaozi.settlement.services.clawback import claw_back, recover_clawback
from jiaozi.settlement.services.closing import close_year
from jiaozi.settlement.services.confirming import confirm, confirm_line, object_to
from jiaozi.settlement.services.disallowing import disallow
from jiaozi.settlement.services.fund import prefund_reserve, recover, remit, replenish
from jiaozi.settlement.services.keeping import keep_totals
from jiaozi.settlement.services.paying import approve, pay
from jiaozi.settlement.services.redeem import (
    accept_redemption,
    cancel_redemption,
    pay_redemption,
    reject_redemption,
    submit_redemption,
    withdraw_redemption,
)
from jiaozi.settlement.services.statements import (
    claim,
    close_due,
    close_statement,
    dispute,
    match,
    open_statement,
    resolve,
)

__all__ = [
    "YearClosed",
    "accept_redemption",
    "accept_report",
    "approve",
    "approve_batch",
    "award",
    "cancel_redemption",
    "claim",
    "claw_back",
    "close_due",
    "close_statement",
    "close_year",
    "confirm",
    "confirm_line",
    "disallow",
    "dispute",
    "keep_totals",
    "match",
    "object_to",
    "open_statement",
    "pay",
    "pay_award",
    "pay_redemption",
    "prefund_reserve",
    "recover",
    "recover_clawback",
    "reject_redemption",
    "remit",
    "replenish",
    "resolve",
    "submit_redemption",
    "withdraw_award",
    "withdraw_redemption",
]

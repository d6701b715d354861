"""The verbs of a voucher: approve the year's budget, issue, freeze, expire, cancel, revoke."""

from jiaozi.voucher.services.budget import approve_budget
from jiaozi.voucher.services.issue import issue
from jiaozi.voucher.services.life import cancel, expire, expire_due, freeze, revoke, unfreeze
from jiaozi.voucher.services.limits import apply_under_caps, caps_in_force

__all__ = [
    "apply_under_caps",
    "approve_budget",
    "cancel",
    "caps_in_force",
    "expire",
    "expire_due",
    "freeze",
    "issue",
    "revoke",
    "unfreeze",
]

"""The verbs of a voucher: approve the year's budget, issue, freeze, expire, cancel, revoke."""

from jiaozi.voucher.services.budget import approve_budget
from jiaozi.voucher.services.issue import issue
from jiaozi.voucher.services.life import cancel, expire, expire_due, freeze, revoke, unfreeze
from jiaozi.voucher.services.limits import caps_in_force, limit_posts

__all__ = [
    "approve_budget",
    "cancel",
    "caps_in_force",
    "expire",
    "expire_due",
    "freeze",
    "issue",
    "limit_posts",
    "revoke",
    "unfreeze",
]

"""A voucher is a right to a share of compute fees up to its face; what is left of it is always the ledger's word.

Its life cycle is in ``life``, what its issue writes in ``issuing``, the caps that bound it in ``caps``, the year's
budget in ``budget``.
"""

from jiaozi.voucher.rules.accounts import available_account, cap_accounts, voucher_account
from jiaozi.voucher.rules.budget import (
    budget_event,
    check_budget,
    check_budget_year,
    check_programme_name,
    check_same_budget,
    check_within_pools,
    yearly_pools,
)
from jiaozi.voucher.rules.caps import (
    Standing,
    cap_accounts_of,
    counted,
    limit_posts,
    limited,
    moves,
    passed,
    refused_unasked,
)
from jiaozi.voucher.rules.issuing import Issue, UnableToIssue, check_grants_voucher, check_valid, issue_lines, short_of
from jiaozi.voucher.rules.life import (
    REASON_MAX,
    TRANSITIONS,
    State,
    UnableToChange,
    UnableToSpend,
    check_end,
    check_expiry,
    check_reason,
    check_spendable,
    check_unused,
    end_lines,
    ends,
    last_day,
    released_lines,
    returns_to,
    sink_account,
)

__all__ = [
    "REASON_MAX",
    "TRANSITIONS",
    "Issue",
    "Standing",
    "State",
    "UnableToChange",
    "UnableToIssue",
    "UnableToSpend",
    "available_account",
    "budget_event",
    "cap_accounts",
    "cap_accounts_of",
    "check_budget",
    "check_budget_year",
    "check_end",
    "check_expiry",
    "check_grants_voucher",
    "check_programme_name",
    "check_reason",
    "check_same_budget",
    "check_spendable",
    "check_unused",
    "check_valid",
    "check_within_pools",
    "counted",
    "end_lines",
    "ends",
    "issue_lines",
    "last_day",
    "limit_posts",
    "limited",
    "moves",
    "passed",
    "refused_unasked",
    "released_lines",
    "returns_to",
    "short_of",
    "sink_account",
    "voucher_account",
    "yearly_pools",
]

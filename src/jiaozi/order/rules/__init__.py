"""An order is one job under one hold: quoted, held for, run, metered, captured. Money first, then work."""

from jiaozi.order.rules.holding import (
    Held,
    UnableToHold,
    check_credit,
    check_own,
    hold_id,
    hold_lines,
    own_account,
    own_payable_account,
    payable_account,
    payable_accounts,
    refusal,
    resolve_lines,
    same_credit,
)
from jiaozi.order.rules.life import ON_ENGINE, TRANSITIONS, State
from jiaozi.order.rules.quoting import Offer, Quote, Request, UnableToQuote, check_request, quote, voucher_share

__all__ = [
    "ON_ENGINE",
    "TRANSITIONS",
    "Held",
    "Offer",
    "Quote",
    "Request",
    "State",
    "UnableToHold",
    "UnableToQuote",
    "check_credit",
    "check_own",
    "check_request",
    "hold_id",
    "hold_lines",
    "own_account",
    "own_payable_account",
    "payable_account",
    "payable_accounts",
    "quote",
    "refusal",
    "resolve_lines",
    "same_credit",
    "voucher_share",
]

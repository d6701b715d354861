"""A lease is money of one voucher set aside for one centre for a time, which the centre may spend without asking.

How large, and what to do about it, is in ``sizing``; what the ledger has of it in ``lines``; what is signed in
``letter`` and ``wish``; whether a job is covered in ``admitting``; its states in ``life``; what is decided about a job
that its centre bears in ``loss``.
"""

from jiaozi.lease.rules.admitting import Spent, UnableToAdmit, admit
from jiaozi.lease.rules.letter import Letter, Price, open_letter
from jiaozi.lease.rules.life import (
    LEASE_UNKNOWN,
    LIVE,
    REASON_MAX,
    TRANSITIONS,
    State,
    UnableToLease,
    check_holder,
    check_lendable,
    check_write_off,
    returned_before,
)
from jiaozi.lease.rules.lines import Aside, accounts, change_lines, hold_lines, release_lines
from jiaozi.lease.rules.loss import Verdict, check_ruling, may_rule
from jiaozi.lease.rules.signed import UnableToBelieve, public_key, public_text, seal
from jiaozi.lease.rules.sizing import Bounds, Standing, Step, covered_fen, next_step, own_share_fen, prolongs, sizes
from jiaozi.lease.rules.wish import WISH_BYTES_MAX, Wish, lease_of, open_wish

__all__ = [
    "LEASE_UNKNOWN",
    "LIVE",
    "REASON_MAX",
    "TRANSITIONS",
    "WISH_BYTES_MAX",
    "Aside",
    "Bounds",
    "Letter",
    "Price",
    "Spent",
    "Standing",
    "State",
    "Step",
    "UnableToAdmit",
    "UnableToBelieve",
    "UnableToLease",
    "Verdict",
    "Wish",
    "accounts",
    "admit",
    "change_lines",
    "check_holder",
    "check_lendable",
    "check_ruling",
    "check_write_off",
    "covered_fen",
    "hold_lines",
    "lease_of",
    "may_rule",
    "next_step",
    "open_letter",
    "open_wish",
    "own_share_fen",
    "prolongs",
    "public_key",
    "public_text",
    "release_lines",
    "returned_before",
    "seal",
    "sizes",
]

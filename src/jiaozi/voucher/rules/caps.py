"""Caps as accounts: how each is counted, and the posts by which its limit stands."""

from __future__ import annotations

from collections.abc import Iterable

from jiaozi.kernel.ids import named_id
from jiaozi.ledger.rules import Account, Transfer, post
from jiaozi.policy.rules import CapUse, Measure, Subject
from jiaozi.voucher.rules.accounts import cap_accounts


def counted(caps: Iterable[CapUse], *measures: Measure) -> list[CapUse]:
    """Give the caps that are measured at a step; a cap on a single claim adds nothing up."""
    return [cap for cap in caps if cap.measures in measures and cap.subject is not Subject.CLAIM]


def limit_posts(programme: str, caps: Iterable[CapUse]) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the accounts of caps and the posts that credit each with its limit, once for ever by their ids."""
    accounts: list[Account] = []
    posts: list[Transfer] = []
    for use in caps:
        source, cap, counter = cap_accounts(programme, use.key)
        accounts += [source, cap, counter]
        posts.append(post(named_id("limit", programme, use.key), source, cap, use.limit_fen, "cap.set"))
    return tuple(accounts), tuple(posts)

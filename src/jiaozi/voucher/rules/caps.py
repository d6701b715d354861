"""Caps as accounts: how each is counted, and the posts by which its limit stands.

A cap's account is credited with its limit when it is first counted on. A further version of the programme moves the
limit by a further post: up by the difference; down by it too, as far as it is unused, so that nothing more fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.ledger.rules import Account, Chain, Transfer, TransferStatus, post
from jiaozi.policy.rules import CapUse, LimitInForce, Measure, Subject
from jiaozi.voucher.rules.accounts import cap_accounts


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a cap's account stands: ``limit_fen`` None before it was first counted on; what is not used or held.

    ``mark`` differs whenever a limit was moved in between.
    """

    limit_fen: int | None
    spendable_fen: int
    mark: str


def counted(caps: Iterable[CapUse], *measures: Measure) -> list[CapUse]:
    """Give the caps that are measured at a step; a cap on a single claim adds nothing up."""
    return [cap for cap in caps if cap.measures in measures and cap.subject is not Subject.CLAIM]


def cap_accounts_of(programme: str, caps: Iterable[CapUse]) -> tuple[Account, ...]:
    """Give every account that caps are counted in."""
    return tuple(account for use in caps for account in cap_accounts(programme, use.key))


def limited(caps: Iterable[CapUse], in_force: Mapping[str, LimitInForce]) -> tuple[CapUse, ...]:
    """Give the caps with the limits that the version in force makes them."""
    return tuple(replace(use, limit_fen=in_force[use.key].limit_fen) if use.key in in_force else use for use in caps)


def left_fen(use: CapUse, stands: Standing) -> int:
    """Give what a cap leaves once its limit is moved to the one it has here; all of it before it is counted on."""
    return use.limit_fen if stands.limit_fen is None else stands.spendable_fen + use.limit_fen - stands.limit_fen


def moves(
    caps: Iterable[CapUse], standing: Mapping[str, Standing], in_force: Mapping[str, LimitInForce]
) -> dict[str, int]:
    """Say by how much each cap's limit is to move, in fen: up where positive, down where negative.

    A counter that was never counted on begins with the limit in force, or with the decision's own. Of one that the
    version in force does not speak of the limit stays. Down goes only what is neither used nor held.
    """
    found: dict[str, int] = {}
    for use in limited(caps, in_force):
        stands = standing[use.key]
        if stands.limit_fen is None:
            found[use.key] = max(use.limit_fen, found.get(use.key, 0))
            continue
        by_fen = use.limit_fen - stands.limit_fen
        if use.key not in in_force or (by_fen < 0 and in_force[use.key].at_least):
            continue
        found[use.key] = max(by_fen, -stands.spendable_fen)
    return {key: fen for key, fen in found.items() if fen}


def passed(
    caps: Iterable[CapUse], standing: Mapping[str, Standing], in_force: Mapping[str, LimitInForce]
) -> frozenset[str]:
    """Name the counters that hold more than the limit in force allows: what is used and held can't be lowered."""
    found = set()
    for use in caps:
        stands, limit = standing[use.key], in_force.get(use.key)
        if stands.limit_fen is None or limit is None or limit.at_least:
            continue
        if stands.limit_fen - stands.spendable_fen > limit.limit_fen:
            found.add(use.key)
    return frozenset(found)


def refused_unasked(
    chain: Chain, programme: str, passed_keys: Iterable[str], freed_fen: Mapping[str, int]
) -> list[TransferStatus] | None:
    """Answer a chain that would add to a counter which is past its limit, as the ledger would; None where none does.

    ``freed_fen`` is what the chain gives back to a counter in the same moment.
    """
    freed = {cap_accounts(programme, key)[1].id: freed_fen.get(key, 0) for key in passed_keys}
    over = [line.debit in freed and line.amount_fen > freed[line.debit] for line in chain]
    if not any(over):
        return None
    return [TransferStatus.EXCEEDS_CREDITS if each else TransferStatus.CHAIN_FAILED for each in over]


def limit_posts(
    programme: str, by_fen: Mapping[str, int], standing: Mapping[str, Standing], version: UUID | None
) -> tuple[Transfer, ...]:
    """Give the posts that move limits; a first one once for ever by its id, a further one once by where it began."""
    posts: list[Transfer] = []
    for key, fen in by_fen.items():
        source, cap, _ = cap_accounts(programme, key)
        if standing[key].limit_fen is None:
            posts.append(post(named_id("limit", programme, key), source, cap, fen, "cap.set"))
        else:
            id_ = named_id("limit", programme, key, standing[key].mark, fen)
            debit, credit, event = (source, cap, "cap.raise") if fen > 0 else (cap, source, "cap.lower")
            posts.append(post(id_, debit, credit, abs(fen), event, version))
    return tuple(posts)

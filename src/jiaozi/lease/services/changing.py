"""One change of a lease: what it sets aside now, as rules and ledger know it, and its journal line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.lifecycle import advance
from jiaozi.lease.models import Lease
from jiaozi.lease.rules import TRANSITIONS, Aside, State
from jiaozi.party.rules import Actor

MONEY = (
    "voucher_fen",
    "own_fen",
    "granted_voucher_fen",
    "granted_own_fen",
    "spent_voucher_fen",
    "spent_own_fen",
    "returned_voucher_fen",
    "returned_own_fen",
    "turn",
    "cap_keys",
)
"""The columns that a change of the holds may touch."""


def aside(row: Lease) -> Aside:
    """Give what a lease sets aside now."""
    return Aside(
        lease_id=row.id,
        programme=row.voucher.programme,
        voucher_id=row.voucher_id,
        holder=row.voucher.holder_id,
        centre=row.centre_id,
        turn=row.turn,
        voucher_fen=row.voucher_fen,
        own_fen=row.own_fen,
        cap_keys=tuple(row.cap_keys),
    )


def put(row: Lease, after: Aside) -> None:
    """Put on a lease what it sets aside after a change; the caller counts where the difference went."""
    row.turn, row.voucher_fen, row.own_fen = after.turn, after.voucher_fen, after.own_fen
    row.cap_keys = list(after.cap_keys)


def take(
    row: Lease, verb: str, *, by: Actor, now: datetime, body: Mapping[str, Any], changed: tuple[str, ...] = ()
) -> None:
    """Move a locked lease by a verb, with its journal line."""
    before = State(row.state)
    row.state = advance(TRANSITIONS, before, verb, by.role)
    row.save(update_fields=["state", *changed])
    journal.write(Line("lease", verb, row.id, before, row.state, by.name, now, body))

"""A cap's limit in the books: what must be posted so that it is what the version in force says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from jiaozi.kernel.period import local_date
from jiaozi.ledger.rules import Account, Transfer
from jiaozi.policy import queries as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules import CapUse, LimitInForce, limits_in_force
from jiaozi.voucher import queries, rules


def limit_posts(
    *, programme: str, caps: Iterable[CapUse], now: datetime
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the accounts of caps and the posts, mostly none, that make each limit what it is now.

    The posts go into the ledger with the transfers that the caps measure, in the caller's transaction. Cost: two
    statements; where a limit moves, a lock on its name and two more.
    """
    uses = tuple(caps)
    if not uses:
        return (), ()
    version, in_force = _in_force(programme, uses, now)
    standing = queries.standing(programme, uses)
    by_fen = rules.moves(uses, standing, in_force)
    if any(standing[key].limit_fen is not None for key in by_fen):  # two that moved it at once would move it twice
        _one_at_a_time(programme, [*by_fen])
        standing = queries.standing(programme, uses)
        by_fen = rules.moves(uses, standing, in_force)
    posts = rules.limit_posts(programme, by_fen, standing, version.id if version else None)
    return rules.cap_accounts_of(programme, uses), posts


def caps_in_force(*, programme: str, caps: Iterable[CapUse], now: datetime) -> tuple[CapUse, ...]:
    """Give caps with the limits that stand now, to say which of them was reached."""
    uses = tuple(caps)
    return rules.limited(uses, _in_force(programme, uses, now)[1])


def _in_force(
    programme: str, caps: Sequence[CapUse], now: datetime
) -> tuple[ProgrammeVersion | None, dict[str, LimitInForce]]:
    today = local_date(now)
    try:
        version = policy.current(programme, today)
    except policy.UnableToFindProgramme:  # its last day is over: limits stay as they are
        return None, {}
    return version, limits_in_force(policy.document(version.id), caps, today, allow_demo=version.demo)


def _one_at_a_time(programme: str, keys: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for key in sorted(keys):
            name = f"voucher/limit/{programme}/{key}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])

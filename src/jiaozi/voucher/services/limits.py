"""Transfers under caps: each cap's limit is made what the version in force says, and the transfers stand within it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Chain, Transfer, TransferStatus, UnableToTransfer
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules import CapUse, LimitInForce
from jiaozi.voucher import queries, rules

Statuses = list[TransferStatus]
_TRIES_MAX = 8


def apply_under_caps(
    *,
    programme: str,
    caps: Iterable[CapUse],
    chains: Sequence[Chain],
    now: datetime,
    freed_fen: Mapping[str, int] | None = None,
) -> list[Statuses]:
    """Apply chains that count for caps, after the posts, mostly none, that make each limit what it is now.

    The last act of the caller's transaction, like any call of the ledger. Where more is held and used than a lowered
    limit allows, what would add to it is refused unasked, so that nothing freed meanwhile lets it through. A post that
    somebody overtook is worked out again. Cost: two statements beside the ledger's; where a limit moves, a savepoint, a
    lock on its name and two more.

    Parameters
    ----------
    freed_fen
        By cap's key what a chain itself gives back: an order is placed anew under a cap that is passed, for no more.

    Raises
    ------
    UnableToTransfer
        When others moved the limits every time; nothing stands then, and the same may be asked again.
    """
    uses = tuple(caps)
    if not uses:
        return ledger.apply(chains, at=now)
    ledger.open_accounts(rules.cap_accounts_of(programme, uses))
    version, in_force = queries.limits(programme, uses, now)
    tries = 0
    while True:
        posts, passed = _posts(programme, uses, version, in_force)
        refused = [rules.refused_unasked(chain, programme, passed, freed_fen or {}) for chain in chains]
        asked = [chain for chain, statuses in zip(chains, refused, strict=True) if statuses is None]
        try:
            answers = iter(_together(posts, asked, now))
        except UnableToTransfer:
            tries += 1
            if tries == _TRIES_MAX:
                raise
        else:
            return [next(answers) if statuses is None else statuses for statuses in refused]


def caps_in_force(*, programme: str, caps: Iterable[CapUse], now: datetime) -> tuple[CapUse, ...]:
    """Give caps with the limits that stand now, to say which of them was reached."""
    uses = tuple(caps)
    return rules.limited(uses, queries.limits(programme, uses, now)[1])


def _together(posts: Sequence[Transfer], chains: Sequence[Chain], now: datetime) -> list[Statuses]:
    """Apply chains on posts that all stand; otherwise nothing stands."""
    if not posts:
        return ledger.apply(chains, at=now)
    with transaction.atomic():
        answers = ledger.apply([*[[line] for line in posts], *chains], at=now)
        for line, (status,) in zip(posts, answers, strict=False):
            if not status.stands:
                raise UnableToTransfer(status, line)
    return answers[len(posts) :]


def _posts(
    programme: str, uses: Sequence[CapUse], version: ProgrammeVersion | None, in_force: Mapping[str, LimitInForce]
) -> tuple[tuple[Transfer, ...], frozenset[str]]:
    """Give the posts that move limits, and the counters that hold more than the limit in force."""
    standing = queries.standing(programme, uses)
    by_fen = rules.moves(uses, standing, in_force)
    if any(standing[key].limit_fen is not None for key in by_fen):  # two that moved it at once would move it twice
        _one_at_a_time(programme, [*by_fen])
        standing = queries.standing(programme, uses)
        by_fen = rules.moves(uses, standing, in_force)
    posts = rules.limit_posts(programme, by_fen, standing, version.id if version else None)
    return posts, rules.passed(uses, standing, in_force)


def _one_at_a_time(programme: str, keys: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for key in sorted(keys):
            name = f"voucher/limit/{programme}/{key}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])

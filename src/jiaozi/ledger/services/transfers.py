"""Send chains to the ledger's SQL functions: one call a batch, arrays out, a status per transfer back.

Cost: one round trip a batch of at most ``BATCH_MAX`` transfers; a lone post or hold takes the cheaper single function.
A verb calls this last in its transaction, because the accounts stay locked from here to the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from jiaozi.ledger.rules import (
    Account,
    Bound,
    Chain,
    Transfer,
    TransferKind,
    TransferStatus,
    UnableToTransfer,
    segments,
)

Cursor = CursorWrapper | psycopg.Cursor[Any]

_OPEN = "SELECT ledger_open(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::boolean[])"
_ONE = "SELECT ledger_apply_one(%s, %s::smallint, %s, %s, %s, %s, %s, %s)"
_MANY = (
    "SELECT ledger_apply(%s::uuid[], %s::uuid[], %s::smallint[], %s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[], "
    "%s::text[], %s::uuid[], %s)"
)


def open_accounts(accounts: Iterable[Account]) -> None:
    """Open the accounts that are not open yet; the others stay as they are."""
    unique = {account.id: account for account in accounts}
    if not unique:
        return
    rows = list(unique.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            [
                [row.id for row in rows],
                [row.book.value for row in rows],
                [row.kind.value for row in rows],
                [row.programme for row in rows],
                [row.subject for row in rows],
                [row.bound is Bound.DEBITS_WITHIN_CREDITS for row in rows],
                [row.bound is Bound.CREDITS_WITHIN_DEBITS for row in rows],
            ],
        )


def send(cursor: Cursor, piece: Sequence[Chain], at: datetime) -> list[list[TransferStatus]]:
    """Apply one repeat-free piece on any cursor and give the statuses chain by chain."""
    rows = [transfer for chain in piece for transfer in chain]
    if len(rows) == 1 and rows[0].kind in {TransferKind.POST, TransferKind.HOLD}:
        row = rows[0]
        cursor.execute(
            _ONE, [row.id, int(row.kind), row.debit, row.credit, row.amount_fen, row.event, row.reference, at]
        )
        return [[_status(cursor)]]
    return send_batch(cursor, piece, at)


def send_batch(cursor: Cursor, piece: Sequence[Chain], at: datetime) -> list[list[TransferStatus]]:
    """Apply one repeat-free piece by the batch function, however small."""
    rows = [transfer for chain in piece for transfer in chain]
    chain_ids: list[UUID] = [chain[0].id for chain in piece for _ in chain]
    cursor.execute(
        _MANY,
        [
            chain_ids,
            [row.id for row in rows],
            [int(row.kind) for row in rows],
            [row.debit for row in rows],
            [row.credit for row in rows],
            [row.amount_fen for row in rows],
            [row.hold_id for row in rows],
            [row.event for row in rows],
            [row.reference for row in rows],
            at,
        ],
    )
    answer = cursor.fetchone()
    flat = iter(answer[0] if answer and isinstance(answer[0], list) else [])
    return [[TransferStatus(next(flat)) for _ in chain] for chain in piece]


def _status(cursor: Cursor) -> TransferStatus:
    answer = cursor.fetchone()
    return TransferStatus(str(answer[0] if answer else None))


def apply(chains: Sequence[Chain], *, at: datetime) -> list[list[TransferStatus]]:
    """Apply chains, each all or nothing, and give a status per transfer.

    A chain that comes up short is refused alone; the others stand. "Fits" means that the net effect of what is accepted
    together fits, found by bisection between chains (tests/ledger/model.py is the exact definition).
    """
    with connection.cursor() as cursor:
        return [statuses for piece in segments(chains) for statuses in send(cursor, piece, at)]


def require(chain: Chain, *, at: datetime) -> None:
    """Apply one chain that must stand.

    Raises
    ------
    UnableToTransfer
        When it does not; nothing of it was written.
    """
    (statuses,) = apply([chain], at=at)
    _raise_if_refused(chain, statuses)


def _raise_if_refused(chain: Sequence[Transfer], statuses: Sequence[TransferStatus]) -> None:
    refused = [(status, transfer) for status, transfer in zip(statuses, chain, strict=True) if not status.stands]
    if refused:
        status, transfer = next((pair for pair in refused if pair[0] is not TransferStatus.CHAIN_FAILED), refused[0])
        raise UnableToTransfer(status, transfer)

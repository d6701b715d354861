"""Send chains to the ledger's SQL functions: one call a batch, arrays out, a status per transfer back.

Cost: one round trip a batch of at most ``BATCH_MAX`` transfers; a lone post or hold takes the cheaper single function.
A verb calls this last in its transaction, because the accounts stay locked from here to the commit.

Two things look unusual and are measured. The cursor is psycopg's own on Django's connection, so that the server binds
the values and keeps the plan. And the arrays are written by hand, because turning 40,000 ids into parameters one by one
costs as much as half of what the server does with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections

from jiaozi.ledger.rules import (
    Account,
    Bound,
    Chain,
    Transfer,
    TransferStatus,
    UnableToTransfer,
    segments,
)

Cursor = psycopg.Cursor[Any]

_OPEN = "SELECT ledger_open(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::boolean[])"
_ONE = "SELECT ledger_apply_one(%s, %s::smallint, %s, %s, %s, %s, %s, %s)"
_MANY = (
    "SELECT ledger_apply(%s::uuid[], %s::uuid[], %s::smallint[], %s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[], "
    "%s::text[], %s::uuid[], %s::timestamptz[])"
)
_PREPARE_AFTER = 3
"""Calls on one connection after which the server keeps the statement's plan."""
_STATUSES = {status.value: status for status in TransferStatus}


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


@contextmanager
def _cursor() -> Iterator[Cursor]:
    """Give a plain psycopg cursor on Django's connection, with Django's checks and its kinds of errors."""
    django = connections[DEFAULT_DB_ALIAS]
    django.close_if_health_check_failed()
    django.ensure_connection()
    django.validate_no_broken_transaction()
    django.connection.prepare_threshold = _PREPARE_AFTER  # Django's own cursors never prepare, whatever stands here
    with django.wrap_database_errors, psycopg.Cursor(django.connection) as cursor:
        yield cursor


def send(cursor: Cursor, piece: Sequence[Chain], at: Sequence[datetime]) -> list[list[TransferStatus]]:
    """Apply one repeat-free piece, each chain with its instant, and give the statuses chain by chain."""
    if len(piece) == 1 and len(piece[0]) == 1 and piece[0][0].hold_id is None:
        return [[_send_one(cursor, piece[0][0], at[0])]]
    return send_batch(cursor, piece, at)


def _send_one(cursor: Cursor, row: Transfer, at: datetime) -> TransferStatus:
    cursor.execute(_ONE, [row.id, int(row.kind), row.debit, row.credit, row.amount_fen, row.event, row.reference, at])
    (word,) = cursor.fetchone() or ("",)
    return _STATUSES[word]


def send_batch(cursor: Cursor, piece: Sequence[Chain], at: Sequence[datetime]) -> list[list[TransferStatus]]:
    """Apply one repeat-free piece by the batch function, however small."""
    rows = [transfer for chain in piece for transfer in chain]
    cursor.execute(
        _MANY,
        [
            _array([chain[0].id.hex for chain in piece for _ in chain]),
            _array([row.id.hex for row in rows]),
            _array([str(int(row.kind)) for row in rows]),
            _ids([row.debit for row in rows]),
            _ids([row.credit for row in rows]),
            _array([str(row.amount_fen) for row in rows]),
            _ids([row.hold_id for row in rows]),
            _array([_quoted(row.event) for row in rows]),
            _ids([row.reference for row in rows]),
            _array(
                [instant for chain, when in zip(piece, at, strict=True) for instant in [when.isoformat()] * len(chain)]
            ),
        ],
    )
    (words,) = cursor.fetchone() or ([],)
    flat: Iterator[str] = iter(words)
    return [[_STATUSES[next(flat)] for _ in chain] for chain in piece]


def _array(items: Iterable[str]) -> str:
    """Write an array as PostgreSQL reads it."""
    return "{" + ",".join(items) + "}"


def _ids(ids: Iterable[UUID | None]) -> str:
    return _array(["NULL" if id_ is None else id_.hex for id_ in ids])


@lru_cache(maxsize=256)
def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def apply(chains: Sequence[Chain], *, at: datetime) -> list[list[TransferStatus]]:
    """Apply chains, each all or nothing, and give a status per transfer.

    A chain that comes up short is refused alone; the others stand. "Fits" means that the net effect of what is accepted
    together fits, found by bisection between chains (tests/ledger/model.py is the exact definition).
    """
    with _cursor() as cursor:
        return [statuses for piece in segments(chains) for statuses in send(cursor, piece, [at] * len(piece))]


def require(chain: Chain, *, at: datetime) -> None:
    """Apply one chain that must stand; an empty one does.

    Raises
    ------
    UnableToTransfer
        When it does not; nothing of it was written.
    """
    if not chain:  # a verb may find that nothing is due
        return
    (statuses,) = apply([chain], at=at)
    _raise_if_refused(chain, statuses)


def _raise_if_refused(chain: Sequence[Transfer], statuses: Sequence[TransferStatus]) -> None:
    refused = [(status, transfer) for status, transfer in zip(statuses, chain, strict=True) if not status.stands]
    if refused:
        status, transfer = next((pair for pair in refused if pair[0] is not TransferStatus.CHAIN_FAILED), refused[0])
        raise UnableToTransfer(status, transfer)

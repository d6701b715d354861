"""The group-commit poster: many threads hand in chains, one connection commits them together.

A caller's chain is durable when ``submit(...)`` answers. The caller has written its own row before, in a state that
promises nothing; the transfer carries that row's id, so that a crash in between heals by asking for the same id again.
The queue is bounded: a caller waits for room rather than piling up without end.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connection

from jiaozi.ledger.rules import BATCH_MAX, Chain, TransferStatus, segments
from jiaozi.ledger.services.transfers import send

_QUEUE_MAX = 4 * BATCH_MAX
_WAIT_MAX_S = 30.0


@dataclass(frozen=True, slots=True)
class _Ask:
    chain: Chain
    at: datetime
    answer: Future[list[TransferStatus]]


class Poster:
    """Coalesces chains from many threads into batches on a connection of its own.

    Use it as a context manager; ``submit`` is safe from any thread. When the database is lost, every waiting caller
    gets the error (fail closed) and the next batch tries a new connection; what had been committed answers EXISTS on
    retry.
    """

    def __init__(self, connect: dict[str, Any] | None = None, *, batch_max: int = 2_000) -> None:
        self._parameters = connect if connect is not None else _parameters()
        self._batch_max = min(batch_max, BATCH_MAX)
        self._asks: queue.Queue[_Ask | None] = queue.Queue(_QUEUE_MAX)
        self._thread = threading.Thread(target=self._run, name="ledger-poster", daemon=True)
        self._closed = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._asks.put(None)
        self._thread.join()

    def submit(self, chain: Chain, *, at: datetime) -> list[TransferStatus]:
        """Apply one chain durably and give its statuses; blocks until its batch is committed.

        Raises
        ------
        psycopg.Error
            When the database could not be reached or lost the batch: nothing is promised, ask again with the same ids.
        TimeoutError
            When no answer came in time; likewise.
        """
        if self._closed:
            raise RuntimeError("the poster is closed")
        if len(chain) > self._batch_max:
            raise ValueError(f"chain: at most {self._batch_max} transfers go through the poster")
        ask = _Ask(chain, at, Future())
        self._asks.put(ask, timeout=_WAIT_MAX_S)
        return ask.answer.result(timeout=_WAIT_MAX_S)

    def _run(self) -> None:
        session: psycopg.Connection[Any] | None = None
        while (asks := self._gather()) is not None:
            try:
                if session is None or session.closed:
                    session = psycopg.connect(**self._parameters)
                answers = _commit(session, asks)
            except Exception as error:  # noqa: BLE001 - whatever broke, each caller must hear of it
                _drop(session)
                session = None
                for ask in asks:
                    ask.answer.set_exception(error)
                continue
            for ask, statuses in zip(asks, answers, strict=True):
                ask.answer.set_result(statuses)
        _drop(session)

    def _gather(self) -> list[_Ask] | None:
        """Wait for one ask, then take what else is there; None at the end."""
        first = self._asks.get()
        if first is None:
            return None
        asks, size = [first], len(first.chain)
        with contextlib.suppress(queue.Empty):
            while size < self._batch_max:
                ask = self._asks.get_nowait()
                if ask is None:
                    self._asks.put(None)
                    break
                asks.append(ask)
                size += len(ask.chain)
        return asks


def _commit(session: psycopg.Connection[Any], asks: Sequence[_Ask]) -> list[list[TransferStatus]]:
    at = asks[-1].at
    with session.transaction(), session.cursor() as cursor:
        return [statuses for piece in segments([ask.chain for ask in asks]) for statuses in send(cursor, piece, at)]


def _drop(session: psycopg.Connection[Any] | None) -> None:
    if session is not None:
        with contextlib.suppress(psycopg.Error):
            session.close()


def _parameters() -> dict[str, Any]:
    """Give the application's own connection parameters, without Django's cursor factory."""
    parameters = dict(connection.get_connection_params())
    for django_own in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(django_own, None)
    return {**parameters, "autocommit": True}

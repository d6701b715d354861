"""The group-commit poster: many threads hand in chains, one connection commits them together.

A caller's chain is durable when ``submit(...)`` answers. The caller has written its own row before, in a state that
promises nothing; the transfer carries that row's id, so that a crash in between heals by asking for the same id again.
The queue is bounded: a caller waits for room rather than piling up without end.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connection

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.rules import BATCH_MAX, Chain, TransferStatus, names_of, segments
from jiaozi.ledger.services.transfers import send

_QUEUE_MAX = 4 * BATCH_MAX
_WAIT_MAX_S = 30.0
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""Errors of the connection or the server; any other is about one chain."""


class UnableToPost(Refused):
    """The poster is not open, or ended before it took the chain: nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            "poster_closed",
            "记账通道未开启：请稍后以同一编号重试",
            "the poster is not open: ask again later with the same id",
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    chain: Chain
    at: datetime
    answer: Future[list[TransferStatus]] = field(default_factory=Future)


class Poster:
    """Coalesces chains from many threads into batches on a connection of its own.

    Use it as a context manager; ``submit`` is safe from any thread. What was submitted before the end is still
    answered. When the database is lost, every caller of the batch gets the error (fail closed) and the next batch tries
    a new connection; what had been committed answers EXISTS on retry.
    """

    def __init__(self, connect: dict[str, Any] | None = None, *, batch_max: int = 2_000) -> None:
        self._parameters = connect if connect is not None else _parameters()
        self._batch_max = min(batch_max, BATCH_MAX)
        self._asks: deque[_Ask] = deque()
        self._changed = threading.Condition()  # guards the two above and below
        self._open = False
        self._thread = threading.Thread(target=self._run, name="ledger-poster", daemon=True)

    def __enter__(self) -> Self:
        self._open = True
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._thread.join()

    def submit(self, chain: Chain, *, at: datetime) -> list[TransferStatus]:
        """Apply one chain durably and give its statuses; blocks until its batch is committed.

        Raises
        ------
        UnableToPost
            When the poster is not open.
        ValueError
            When the chain is malformed or longer than a batch.
        psycopg.Error
            When the database could not be reached or lost the batch: nothing is promised, ask again with the same ids.
        TimeoutError
            When there was no room or no answer in time; likewise.
        """
        names_of(chain)
        if len(chain) > self._batch_max:
            raise ValueError(f"chain: at most {self._batch_max} transfers go through the poster")
        ask = _Ask(chain, at)
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open or len(self._asks) < _QUEUE_MAX, _WAIT_MAX_S):
                raise TimeoutError("the ledger's queue is full")
            if not self._open:
                raise UnableToPost
            self._asks.append(ask)
            self._changed.notify_all()
        try:
            return ask.answer.result(timeout=_WAIT_MAX_S)
        finally:
            ask.answer.cancel()  # has no effect but on one that waits in the queue still: nobody would hear its answer

    def _run(self) -> None:
        session: psycopg.Connection[Any] | None = None
        try:
            while asks := self._gather():
                session = self._answer(session, asks)
        finally:
            _drop(session)
            self._end()

    def _gather(self) -> list[_Ask]:
        """Wait for asks and take what one batch holds; none at the end, when all are taken."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._asks or not self._open)
                taken = self._take()
                if taken or not (self._open or self._asks):
                    self._changed.notify_all()
                    return taken

    def _take(self) -> list[_Ask]:
        taken: list[_Ask] = []
        room = self._batch_max
        while self._asks and len(self._asks[0].chain) <= room:
            ask = self._asks.popleft()
            if ask.answer.set_running_or_notify_cancel():  # else its caller gave up waiting
                taken.append(ask)
                room -= len(ask.chain)
        return taken

    def _answer(self, session: psycopg.Connection[Any] | None, asks: Sequence[_Ask]) -> psycopg.Connection[Any] | None:
        """Commit a batch and let its callers hear; give the connection if it is still good."""
        try:
            if session is None or session.closed:
                session = psycopg.connect(**self._parameters)
            answers = _commit(session, asks)
        except BaseException as error:
            if len(asks) > 1 and isinstance(error, psycopg.Error) and not isinstance(error, _LOST):
                for ask in asks:  # one chain spoils the batch: alone, only its own caller hears of it
                    session = self._answer(session, [ask])
                return session
            _drop(session)
            for ask in asks:
                ask.answer.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return None
        for ask, statuses in zip(asks, answers, strict=True):
            ask.answer.set_result(statuses)
        return session

    def _end(self) -> None:
        """Take no more, and let those hear who still wait because the thread broke."""
        with self._changed:
            self._open = False
            left, self._asks = list(self._asks), deque()
            self._changed.notify_all()
        for ask in left:
            if ask.answer.set_running_or_notify_cancel():
                ask.answer.set_exception(UnableToPost())


def _commit(session: psycopg.Connection[Any], asks: Sequence[_Ask]) -> list[list[TransferStatus]]:
    at = iter([ask.at for ask in asks])
    with session.transaction(), session.cursor() as cursor:
        return [
            statuses
            for piece in segments([ask.chain for ask in asks])
            for statuses in send(cursor, piece, list(islice(at, len(piece))))
        ]


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

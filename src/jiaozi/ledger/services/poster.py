"""The group-commit poster: many threads hand in chains, one connection commits them together.

A caller's chain is durable when ``submit(...)`` answers. The caller has written its own row before, in a state that
promises nothing; the transfer carries that row's id, so that a crash in between heals by asking for the same id again.
The queue is bounded, and every caller waits for its own answer, so nothing piles up without end.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from queue import Empty, SimpleQueue
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


class _Ask:
    """A chain on its way, and the place where its answer will be. A bare lock, because 64 threads wait on one each."""

    __slots__ = ("_answer", "_answered", "abandoned", "at", "chain")

    def __init__(self, chain: Chain, at: datetime) -> None:
        self.chain, self.at, self.abandoned = chain, at, False
        self._answer: list[TransferStatus] | BaseException = []
        self._answered = threading.Lock()
        self._answered.acquire()

    def answer(self, answer: list[TransferStatus] | BaseException) -> None:
        """Let the caller hear; once."""
        self._answer = answer
        self._answered.release()

    def wait(self) -> list[TransferStatus]:
        if not self._answered.acquire(timeout=_WAIT_MAX_S):
            self.abandoned = True  # if nobody has taken it yet, nobody will
            raise TimeoutError("the ledger did not answer in time")
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


class Poster:
    """Coalesces chains from many threads into batches on a connection of its own.

    Use it as a context manager; ``submit`` is safe from any thread. What was submitted before the end is still
    answered. When the database is lost, every caller of the batch gets the error (fail closed) and the next batch tries
    a new connection; what had been committed answers EXISTS on retry.
    """

    def __init__(self, connect: dict[str, Any] | None = None, *, batch_max: int = 2_000) -> None:
        self._parameters = connect if connect is not None else _parameters()
        self._batch_max = min(batch_max, BATCH_MAX)
        self._asks: SimpleQueue[_Ask | None] = SimpleQueue()  # None wakes the thread at the end
        self._open = self._ended = False
        self._thread = threading.Thread(target=self._run, name="ledger-poster", daemon=True)

    def __enter__(self) -> Self:
        self._open = True
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._asks.put(None)
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
        if not self._open:
            raise UnableToPost
        if self._asks.qsize() >= _QUEUE_MAX:
            raise TimeoutError("the ledger's queue is full")
        ask = _Ask(chain, at)
        self._asks.put(ask)
        if self._ended:  # the thread may have looked into the queue for the last time before
            self._refuse_what_is_left()
        return ask.wait()

    def _run(self) -> None:
        session: psycopg.Connection[Any] | None = None
        try:
            while asks := self._gather():
                session = self._answer(session, asks)
        finally:
            _drop(session)
            self._open, self._ended = False, True
            self._refuse_what_is_left()

    def _gather(self) -> list[_Ask]:
        """Wait for an ask and take what else is there, up to a batch; none at the end."""
        asks: list[_Ask] = []
        room = self._batch_max
        while room > 0 and (self._open or not self._asks.empty()) and not (asks and self._asks.empty()):
            ask = self._asks.get()
            if ask is not None and not ask.abandoned:
                asks.append(ask)
                room -= len(ask.chain)
        return asks

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
                ask.answer(error)
            if not isinstance(error, Exception):
                raise
            return None
        for ask, statuses in zip(asks, answers, strict=True):
            ask.answer(statuses)
        return session

    def _refuse_what_is_left(self) -> None:
        """Let those hear who came too late, or waited when the thread broke."""
        with contextlib.suppress(Empty):
            while True:
                ask = self._asks.get_nowait()
                if ask is not None:
                    ask.answer(UnableToPost())


def _commit(session: psycopg.Connection[Any], asks: Sequence[_Ask]) -> list[list[TransferStatus]]:
    """Apply a batch durably: nearly always one piece, and one statement is a transaction by itself."""
    at = iter([ask.at for ask in asks])
    pieces = list(segments([ask.chain for ask in asks]))
    together = session.transaction() if len(pieces) > 1 else contextlib.nullcontext()
    with together, session.cursor() as cursor:
        return [statuses for piece in pieces for statuses in send(cursor, piece, list(islice(at, len(piece))))]


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
